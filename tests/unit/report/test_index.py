"""Index of drawn tables and figures: no file is read that was changed."""

import json

import pytest

from tms.io.errors import InputError
from tms.report import index
from tms.report.cell_lookup import NotMeasuredError
from tms.report.page import content
from tms.report.tables.table import Column, Table

DRAW_AGAIN = "delete the folder and draw again"


def missing() -> Table:
    raise NotMeasuredError("nothing was measured")


MAKERS = {
    "one": (
        "One",
        lambda: Table("one", "One", {"method": "Method"}, [Column("x", "X")], [({"method": "tms"}, {})]),
    ),
    "two": ("Two", missing),
}


@pytest.fixture
def folder(tmp_path):
    index.write_all(tmp_path, MAKERS, ("csv", "md"))
    return tmp_path


def test_drawn_files_have_checksums_in_the_index_and_none_beside_them(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["index.json", "one.csv", "one.md"]
    one, two = index.read(folder)
    assert list(one["checksums"]) == one["files"] == ["one.csv", "one.md"]
    assert two["checksums"] == {} and two["reason"] == "nothing was measured"


@pytest.mark.parametrize("name", ["one.csv", "one.md"])
def test_every_flipped_bit_and_every_cut_is_noticed(folder, name):
    path = folder / name
    whole = path.read_bytes()
    flips = (
        whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :]
        for bit in range(8 * len(whole))
    )
    for damage in [*flips, *(whole[:size] for size in range(len(whole)))]:
        path.write_bytes(damage)
        with pytest.raises(InputError) as error:
            content.tables(folder)
        assert str(error.value) == f"{path}: its checksum does not agree: it was changed; {DRAW_AGAIN}"
    path.write_bytes(whole)
    assert [table.name for table in content.tables(folder)] == ["one"]


def test_a_file_that_is_gone_is_named(folder):
    (folder / "one.md").unlink()
    with pytest.raises(InputError, match=rf"one\.md: listed in index\.json but missing; {DRAW_AGAIN}"):
        index.read(folder)


def test_indices_without_checksums_are_read(folder):
    entries = [
        {key: value for key, value in entry.items() if key != "checksums"} for entry in index.read(folder)
    ]
    (folder / "index.json").write_text(json.dumps(entries))
    (folder / "one.md").write_text("changed")
    assert index.read(folder) == entries


def test_what_is_stopped_in_the_middle_leaves_no_index_of_other_files(folder):
    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.write_all(folder, {"one": MAKERS["one"], "two": ("Two", stopped)}, ("csv", "md"))
    assert not (folder / "index.json").exists()
