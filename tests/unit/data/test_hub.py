"""Loading by the hub's names from a local copy, splits by hash, and what is said when data cannot be had."""

import dataclasses
import tempfile

import pytest
from helpers.hub_folder import hub_folder, jsonl
from helpers.small_disk import small_disk

from tms.data import hub
from tms.data.options import read_options
from tms.io.errors import InputError

SOURCE = hub.Source(
    repo="someone/sums",
    config="main",
    splits={"train": "train", "heldout": "train", "test": "validation"},
    revision="0" * 40,
    folder="sums",
    columns=("question", "answer"),
)


@pytest.fixture
def root(tmp_path):
    rows = [{"question": f"{i} + 1 ?", "answer": i + 1} for i in range(20)]
    hub_folder(
        tmp_path / "sums",
        ("main", "train", "train.jsonl", jsonl(rows)),
        ("main", "validation", "data/validation.jsonl", jsonl(rows[:3])),
    )
    return tmp_path


def prepared(count):
    return [{"example_id": f"x-{i}", "problem": f"problem {i}"} for i in range(count)]


def test_a_local_copy_is_read_by_the_hubs_names(root):
    assert len(hub.load(SOURCE, "train", root)) == 20
    assert hub.load(SOURCE, "test", root)[2] == {"question": "2 + 1 ?", "answer": 3}
    assert hub.configs(SOURCE, root) == ["main"]


def test_an_edited_copy_is_read_anew(root):
    hub.load(SOURCE, "test", root)
    path = root / "sums" / "data" / "validation.jsonl"
    path.write_text(path.read_text().replace("2 + 1", "2 + 7"))
    assert hub.load(SOURCE, "test", root)[2]["question"] == "2 + 7 ?"


@pytest.mark.parametrize("count", [0, 7, 20, 4999, 6000])
def test_train_and_heldout_are_the_whole_and_disjoint(count):
    rows = prepared(count)
    heldout = min(500, count // 10)
    first = {row["example_id"] for row in hub.training_rows(rows, "heldout", heldout, seed=0)}
    rest = {row["example_id"] for row in hub.training_rows(rows, "train", count - heldout, seed=3)}
    assert len(first) == heldout and not first & rest
    assert first | rest == {row["example_id"] for row in rows}


def test_shorter_lists_begin_longer_ones_and_seeds_reorder():
    rows = prepared(200)
    long = hub.training_rows(rows, "train", 180, seed=0)
    assert hub.training_rows(rows, "train", 30, seed=0) == long[:30]
    assert hub.training_rows(list(reversed(rows)), "train", 180, seed=0) == long
    other = hub.training_rows(rows, "train", 180, seed=1)
    assert other != long and sorted(map(str, other)) == sorted(map(str, long))


def test_a_repeated_problem_is_used_once_and_stays_in_one_split():
    rows = prepared(100) + [{"example_id": f"again-{i}", "problem": f"problem {i}"} for i in range(100)]
    heldout = hub.training_rows(rows, "heldout", 10, seed=0)
    train = hub.training_rows(rows, "train", 90, seed=0)
    assert len({row["problem"] for row in heldout + train}) == 100
    assert all(row["example_id"].startswith("x-") for row in heldout + train)


def test_the_test_split_keeps_its_order_or_is_shuffled():
    rows = prepared(50)
    assert hub.test_rows(rows, 20) == rows[:20]
    shuffled = hub.test_rows(rows, 50, "hash")
    assert shuffled != rows and sorted(map(str, shuffled)) == sorted(map(str, rows))
    assert hub.test_rows(rows, 20, "hash") == shuffled[:20]
    with pytest.raises(InputError, match=r"options\.order"):
        hub.test_rows(rows, 20, "random")


def test_a_test_split_that_is_trained_on_is_used_whole():
    rows = prepared(40)
    train = hub.trained_test_rows(rows, "train", 40, seed=0)
    heldout = hub.trained_test_rows(rows, "heldout", 4, seed=0)
    assert sorted(map(str, train)) == sorted(map(str, rows))
    assert all(row in train for row in heldout)


def test_more_rows_than_there_are():
    with pytest.raises(
        InputError, match=r"181 train rows asked for, but there are 180; set it to 180 or less"
    ):
        hub.training_rows(prepared(200), "train", 181, seed=0)
    with pytest.raises(InputError, match="6 test rows asked for, but there are 5"):
        hub.test_rows(prepared(5), 6)


def replaced(**changes):
    return hub.Source(**{**vars(SOURCE), **changes})


@pytest.mark.parametrize(
    "source, split, message",
    [
        (replaced(folder="nothing"), "test", r"data\.root: no folder .*nothing.*someone/sums.*suites"),
        (replaced(config="mian"), "test", r"sums \(mian, validation\).*mian.*data\.root.*suites"),
        (replaced(splits={"test": "tset"}), "test", r"sums \(main, tset\).*tset.*data\.root.*suites"),
        (
            replaced(columns=("question", "solution")),
            "test",
            r"sums: no column solution \(it has question, answer\)",
        ),
        (replaced(splits={"test": "validation"}), "train", "someone/sums has no train split here, only test"),
    ],
)
def test_what_a_local_copy_lacks_is_named_in_one_line(root, source, split, message):
    with pytest.raises(InputError, match=message) as caught:
        hub.load(source, split, root)
    assert len(str(caught.value).splitlines()) == 1


def test_a_broken_file_is_named_in_one_line(root):
    (root / "sums" / "data" / "validation.jsonl").write_text('{"question": "1 + 1 ?", "answer"')
    with pytest.raises(InputError, match=r"sums \(main, validation\): .*data\.root") as caught:
        hub.load(SOURCE, "test", root)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(28, "No space left on device", "/tmp/x.arrow"),
            "/tmp: no space left on its disk for x.arrow",
        ),
        (OSError(24, "Too many open files", "x.jsonl"), "x.jsonl: Too many open files; end other programs"),
        (MemoryError(), "out of memory"),
    ],
)
def test_a_machine_that_refuses_is_no_fault_of_the_copy(root, monkeypatch, error, said, wrapped):
    import datasets

    def refuse(*given, **more):
        if not wrapped:
            raise error
        raise datasets.exceptions.DatasetGenerationError("An error occurred") from error

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(InputError) as caught:
        hub.load(SOURCE, "test", root)
    assert said in str(caught.value) and "data.root" not in str(caught.value)


def test_a_full_temporary_folder_is_named(root, tmp_path, monkeypatch):
    path = root / "sums" / "data" / "validation.jsonl"
    path.write_text(path.read_text() * 4000)
    with small_disk(tmp_path / "disk") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with pytest.raises(InputError, match=rf"no space left .*written to {disk} first") as caught:
            hub.load(SOURCE, "test", root)
    assert "data.root" not in str(caught.value)


def test_unknown_options_are_named():
    assert read_options("sums", {"order": "hash"}, {"order": "official"}) == {"order": "hash"}
    with pytest.raises(InputError, match="sums: unknown option 'odrer'; known are order"):
        read_options("sums", {"odrer": "hash"}, {"order": "official"})


def test_a_column_of_texts_that_holds_something_else_is_named_with_its_row(root):
    source = dataclasses.replace(SOURCE, texts=("question", "answer"))
    line = (
        r"sums \(main, train\), row 1: the column answer is 1, no text; it must be laid out as someone/sums"
    )
    with pytest.raises(InputError, match=line):
        hub.load(source, "train", root)
