"""A look at data, and the rows of a split."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.hub_folder import hub_folder, jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.data.contamination.overlap import ExactMatcher, Overlaps
from tms.data.records.options import ENDINGS
from tms.data.records.read import inspect, split_rows
from tms.data.records.split import split_of
from tms.data.splits import SPLITS
from tms.graders import choice
from tms.io.errors import InputError

FAQ = [{"prompt": f"How do I do thing {n}?", "answer": f"Press {n}."} for n in range(160)]
SHARES = {"heldout": 0.1, "test": 0.1}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(rows, name="faq.jsonl"):
    """Write rows in the format of a name's ending."""
    if name.endswith(".jsonl"):
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif name.endswith(".json"):
        Path(name).write_text(json.dumps(rows))
    elif name.endswith(".csv"):
        with Path(name).open("w", newline="") as stream:
            table = csv.DictWriter(stream, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), name)
    return name


def splits(options, seed=0):
    """Every row of each split."""
    seen = inspect(**options)
    assert not seen.faults
    return {split: split_rows(split, seen.splits[split], seed, options) for split in SPLITS}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_rows_of_every_format(ending):
    options = {"files": write(FAQ, f"faq{ending}")}
    seen = inspect(options["files"])
    assert (seen.rows, seen.columns, seen.roles, seen.faults) == (160, ("prompt", "answer"), {}, ())
    assert seen.used == {"prompt": "prompt", "answer": "answer"}
    assert seen.lengths == {"prompt": (21, 22), "answer": (9, 10)}
    rows = splits(options)
    assert {split: len(found) for split, found in rows.items()} == seen.splits
    assert sum(seen.splits.values()) == 160 and min(seen.splits.values()) > 5
    found = [row for split in rows.values() for row in split]
    assert sorted((row["prompt"], row["answer"]) for row in found) == sorted(
        (row["prompt"], row["answer"]) for row in FAQ
    )
    assert len({row["example_id"] for row in found}) == 160
    assert found[0] | {"example_id": ""} == {
        "example_id": "",
        "prompt": found[0]["prompt"],
        "context": "",
        "answer": found[0]["answer"],
        "problem": found[0]["prompt"],
        "solution": found[0]["answer"],
    }
    for split, members in rows.items():
        assert all(split_of(row["prompt"], SHARES) == split for row in members)


def test_rows_do_not_depend_on_other_rows_or_their_order():
    before = splits({"files": write(FAQ)})
    edited = [*reversed(FAQ[10:]), {"prompt": "new", "answer": "x"}]
    edited[3] = edited[3] | {"answer": "edited"}
    after = splits({"files": write(edited)})
    gone = {row["prompt"] for row in FAQ[:10]} | {edited[3]["prompt"]}
    for split in SPLITS:
        kept = [row for row in before[split] if row["prompt"] not in gone]
        known = {row["prompt"] for row in kept}
        assert [row for row in after[split] if row["prompt"] in known] == kept  # in the same order, too


def test_the_first_rows_of_more_and_another_seed():
    options = {"files": write(FAQ)}
    assert split_rows("train", 100, 0, options)[:30] == split_rows("train", 30, 0, options)
    other = split_rows("train", 100, 1, options)
    assert other[:30] != split_rows("train", 30, 0, options)


@settings(max_examples=30)
@given(
    st.lists(st.text("ab \n\"',;é😀0", min_size=1).filter(str.strip), min_size=1, max_size=30, unique=True),
    st.sampled_from([".jsonl", ".json", ".csv"]),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
def test_splits_are_disjoint_and_hold_every_row(prompts, ending, heldout, test):
    options = {
        "files": write([{"prompt": prompt, "answer": "a"} for prompt in prompts], f"p{ending}"),
        "split": {"heldout": heldout, "test": test},
    }
    seen = inspect(**options)
    assert not seen.faults
    held = [split for split in SPLITS if seen.splits[split]]
    found = [row for split in held for row in split_rows(split, seen.splits[split], 0, options)]
    assert sorted(row["prompt"] for row in found) == sorted(prompts)


def test_one_file_each():
    write(FAQ[:100], "a.jsonl")
    write(FAQ[100:120], "b.csv")
    seen = inspect({"train": "a.jsonl", "test": "b.csv"})
    assert seen.splits["test"] == 20 and seen.splits["train"] + seen.splits["heldout"] == 100
    assert 0 < seen.splits["heldout"] < 25  # the test's share is no part of the training file
    seen = inspect({"train": "a.jsonl", "heldout": "b.csv", "test": "b.csv"})
    assert seen.splits == {"train": 100, "heldout": 20, "test": 20}
    seen = inspect({"test": "b.csv"})
    assert seen.splits == {"train": 0, "heldout": 0, "test": 20} and not seen.faults
    with pytest.raises(InputError, match=r"options\.files has no train; add it"):
        split_rows("train", 1, 0, {"files": {"test": "b.csv"}})


def test_too_few_rows_say_how_many_there_are(capsys):
    options = {"files": write(FAQ)}
    held = inspect(**options).splits
    with pytest.raises(InputError) as raised:
        split_rows("train", 150, 0, options)
    assert str(raised.value) == (
        f"150 rows asked for, but faq.jsonl has {held['train']} train, {held['heldout']} heldout, "
        f"{held['test']} test; set it to {held['train']} or less, change options.split, or add rows"
    )
    with pytest.raises(InputError, match=r"options\.split.test is 0; give it a share, or options.files.test"):
        split_rows("test", 1, 0, options | {"split": {"test": 0}})


def test_conversations_fall_into_one_split():
    talks = []
    for n in range(60):
        turns = [
            (f"Opening {n // 2}?", f"Answer {n}."),
            (f"And {n}?", f"So {n}."),
            (f"Last {n}?", f"End {n}."),
        ]
        messages = [{"role": "system", "content": "Be brief."}] if n % 3 == 0 else []
        for asked, answered in turns[: 1 + n % 3]:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        talks.append({"messages": messages})
    options = {"files": write(talks), "train_on": "all", "duplicates": "first"}
    seen = inspect(**options)
    assert seen.roles == {"system": 20, "user": 120, "assistant": 120}
    assert seen.rows + seen.duplicates == 120 and not seen.faults
    where = {}
    for split, rows in splits(options).items():
        for row in rows:
            opening = row["problem"].partition("?")[0] + "?"
            assert where.setdefault(opening, split) == split
            assert (row["context"] == "") == (row["prompt"] == opening and "system" not in row["context"])
    last = splits({"files": "faq.jsonl"})
    assert sum(map(len, last.values())) == 60
    row = next(row for rows in last.values() for row in rows if row["prompt"] == "Last 5?")
    assert row["answer"] == row["solution"] == "End 5." and row["problem"] == "Opening 2? And 5? Last 5?"
    assert [message["role"] for message in json.loads(row["context"])] == ["user", "assistant"] * 2


@settings(max_examples=40)
@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4), min_size=1, max_size=12))
def test_no_prompt_of_a_conversation_is_in_two_splits(openings):
    talks = [
        {"messages": [{"role": role, "content": text} for text in talk for role in ("user", "assistant")]}
        for talk in openings
    ]
    options = {
        "files": write(talks),
        "train_on": "all",
        "duplicates": "first",
        "split": {"heldout": 0.3, "test": 0.3},
    }
    seen = inspect(**options)
    assert not seen.faults
    met = {}
    for split in SPLITS:
        if seen.splits[split]:
            for row in split_rows(split, seen.splits[split], 0, options):
                assert met.setdefault(row["problem"][0], split) == split  # the opening
                assert row["context"] or row["prompt"] == row["problem"]
    assert seen.rows == len({tuple(talk[:end]) for talk in openings for end in range(1, len(talk) + 1)})


def faults(rows, name="faq.jsonl", **options):
    """Faults of rows that are written to a file, without its name."""
    return [line.removeprefix(name) for line in inspect(write(rows, name), **options).faults]


def test_all_faults_at_once_each_with_its_line():
    talk = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
    rows = [
        FAQ[0],
        {"prompt": "", "answer": " \n"},
        FAQ[0] | {"answer": "other"},
        {"prompt": "p"},
        {"prompt": ["p"], "answer": True},
        {"prompt": "x\0", "answer": "\ud800"},
        {"prompt": 3.5, "answer": {"a": 1}},
        {"prompt": None, "answer": float("nan")},
        {"prompt": "same", "answer": "1", "messages": talk},
        {"prompt": "long", "answer": "x" * (5 << 20)},
    ]
    assert faults(rows) == [
        ", line 2: the prompt is empty; write one, or remove the row",
        ", line 2: the answer is empty; write one, or remove the row",
        ", line 3: the same prompt as line 1; remove one, or set options.duplicates: first",
        ", line 4: no 'answer'; add it, or remove the row",
        ", line 5: the prompt is a list; write it as text, in quotation marks",
        ", line 5: the answer is true or false; write it as text, in quotation marks",
        ", line 6: the prompt holds a NUL (\\u0000); remove it",
        ", line 6: the answer holds half of a surrogate pair (\\ud800); write the whole sign",
        ", line 7: the answer is an object; write it as text, in quotation marks",
        ", line 8: the prompt is empty; write one, or remove the row",
        ", line 8: the answer is nan, which is no number; write one, or remove the row",
        ", line 10: longer than 4 MiB; shorten it",
    ]
    with pytest.raises(InputError) as raised:
        split_rows("train", 1, 0, {"files": "faq.jsonl"})
    assert len(str(raised.value).splitlines()) == 12
    pq.write_table(pa.table({"prompt": ["p", "", "p"], "answer": [1, 2, 3]}), "a.parquet")
    assert inspect("a.parquet").faults == (
        "a.parquet, row 2: the prompt is empty; write one, or remove the row",
        "a.parquet, row 3: the same prompt as row 1; remove one, or set options.duplicates: first",
    )


def test_duplicates_in_a_json_list_on_one_line_are_told_by_row():
    rows = [{"prompt": "p", "answer": "a"}, {"prompt": "q", "answer": "b"}, {"prompt": "p", "answer": "c"}]
    told = "the same prompt as {}; remove one, or set options.duplicates: first"
    Path("a.json").write_text(json.dumps(rows))
    assert inspect("a.json").faults == (f"a.json, row 3: {told.format('row 1')}",)
    assert inspect("a.json", duplicates="first").rows == 2
    Path("a.json").write_text(json.dumps(rows[:2])[:-1] + f",\n{json.dumps(rows[2])}, {json.dumps(rows[2])}]")
    assert inspect("a.json").faults == tuple([f"a.json, line 2: {told.format('line 1')}"] * 2)


def test_a_conversation_s_faults_have_its_line():
    talk = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
    rows = [{"messages": talk}, {"messages": [*talk, talk[0]]}, {"messages": talk}, {}]
    assert faults(rows) == [
        ", line 2: the conversation ends with the user; add the answer, or remove that message",
        ", line 3: the same prompt as line 1; remove one, or set options.duplicates: first",
        ", line 4: no 'messages'; add it, or remove the row",
    ]


def test_numbers_are_texts():
    Path("n.jsonl").write_text('{"prompt": 7, "answer": 3.10}\n{"prompt": "p", "answer": -1e5, "gold": 12}\n')
    rows = {row["prompt"]: row for rows in splits({"files": "n.jsonl"}).values() for row in rows}
    assert rows["7"]["answer"] == "3.10"
    assert (rows["p"]["solution"], rows["p"]["answer"]) == ("-1e5", "12")
    pq.write_table(pa.table({"prompt": ["a", "b"], "answer": [2.0, 0.5]}), "n.parquet")
    rows = {row["prompt"]: row for rows in splits({"files": "n.parquet"}).values() for row in rows}
    assert (rows["a"]["answer"], rows["b"]["answer"]) == ("2", "0.5")


def test_gold_may_be_an_object():
    rows = [{"prompt": "p", "answer": "Call it: {}", "gold": {"name": "é", "n": [1, 2.5]}}]
    (row,) = (row for rows in splits({"files": write(rows)}).values() for row in rows)
    assert json.loads(row["answer"]) == rows[0]["gold"] and row["solution"] == "Call it: {}"


@pytest.mark.parametrize(
    ("row", "columns", "says"),
    [
        (
            {"question": "q", "response": "r"},
            {},
            [
                "no column 'prompt' and no column 'messages' (it has question, response); did you mean "
                "question? options.columns: {prompt: question}",
                "no column 'answer' (it has question, response); did you mean response? "
                "options.columns: {answer: response}",
            ],
        ),
        (
            {"question": "q", "answer": "r"},
            {"prompt": "quetsion"},
            [
                "no column 'quetsion' (it has question, answer); did you mean question? "
                "options.columns: {prompt: question}"
            ],
        ),
        (
            {"conversations": []},
            {},
            ["no column 'prompt' and no column 'messages' (it has conversations)", "no column 'answer'"],
        ),
        ({"a": 1}, {"gold": "b"}, ["no column 'b' (it has a); name it, options.columns: {gold: NAME}"]),
        ({"a": 1}, {"messages": "talk"}, ["no column 'talk' (it has a)"]),
        (
            {str(n): n for n in range(99)},
            {"gold": "b"},
            ["(it has 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 ...)"],
        ),
    ],
)
def test_missing_columns_are_named_with_those_that_there_are(row, columns, says):
    found = faults([row], columns=columns)
    assert len(found) == len(says), found
    for line, words in zip(found, says, strict=True):
        assert words in line


def test_names_of_a_hostile_file_stay_on_their_line():
    found = faults([{"prompt\n\x1b[31m": 1, "answer": "a", "x" * 5000: 2}])
    assert len(found) == 1 and found[0].isprintable() and len(found[0]) < 400
    assert "did you mean prompt\\n\\x1b[31m?" in found[0]


def test_columns_by_other_names():
    rows = [{"q": f"q{n}", "messages": "m", "a": "x", "g": "y"} for n in range(30)]
    seen = inspect(write(rows), {"prompt": "q", "answer": "a", "gold": "g"})
    assert seen.used == {"prompt": "q", "answer": "a", "gold": "g"} and not seen.faults


def test_choices_are_those_of_every_multiple_choice_task():
    rows = [
        {"prompt": f"Which is {n}?", "choices": [f"it is {n}", "no", "none"], "answer": gold}
        for n, gold in enumerate(["A", "no", 2, "it is 3"])
    ]
    made = {row["problem"]: row for rows in splits({"files": write(rows)}).values() for row in rows}
    for n, label in enumerate("ABCA"):
        row = made[f"Which is {n}?\nit is {n}\nno\nnone"]
        assert json.loads(row["answer"]) == {
            "label": label,
            "labels": ["A", "B", "C"],
            "texts": [f"it is {n}", "no", "none"],
        }
        assert row["prompt"].startswith(f"Which is {n}?\n\nA. it is {n}\nB. no\nC. none\n\n")
        assert choice.grade(row["solution"], row["answer"]).score == 1  # `teacher: given` is verified so
        assert row["solution"] == f"answer: {label}"


def test_choices_with_a_worked_answer_of_their_own():
    rows = [{"prompt": "p", "choices": '["x", "y"]', "answer": "It must be y. Answer: B", "gold": "B"}]
    (row,) = (row for rows in splits({"files": write(rows, "c.csv")}).values() for row in rows)
    assert row["solution"] == rows[0]["answer"] and json.loads(row["answer"])["label"] == "B"


def test_faults_of_choices():
    rows = [
        {"prompt": "a", "choices": ["x", "y"], "answer": "z"},
        {"prompt": "b", "choices": ["x"], "answer": "x"},
        {"prompt": "c", "answer": "x"},
    ]
    assert faults(rows) == [
        ", line 1: the gold 'z' is none of the 2 choices; write a letter from A to B, an index from 0 to 1, "
        "or an option's text",
        ", line 2: 1 choices; write 2 to 26",
        ", line 3: no 'choices'; add it, or remove the row",
    ]


def test_the_first_of_equal_prompts():
    rows = [*FAQ[:20], FAQ[3] | {"answer": "later"}, FAQ[3]]
    seen = inspect(write(rows), duplicates="first")
    assert (seen.rows, seen.duplicates, seen.faults) == (20, 2, ())
    found = splits({"files": "faq.jsonl", "duplicates": "first"})
    assert sorted(row["answer"] for rows in found.values() for row in rows) == sorted(
        row["answer"] for row in FAQ[:20]
    )


def test_faults_of_options_and_of_data_are_told_by_the_look():
    assert inspect("nowhere.jsonl").faults == (
        "nowhere.jsonl: no such file; correct the path (it begins at the folder in which you are)",
    )
    assert inspect("faq.txt").faults[0].startswith("options.files: 'faq.txt' must end in .jsonl")
    assert inspect(write([])).faults == ("faq.jsonl: the file is empty; write rows into it",)
    Path("e.csv").write_text("prompt,answer\n")
    assert inspect("e.csv").faults == ("e.csv: no rows; write some below the columns' names",)
    Path("e.json").write_text("[]")
    assert inspect("e.json").faults == ("e.json: no rows; write some into it",)


def test_a_split_by_hash_leaves_no_equal_row_for_the_contamination_gate():
    rows = splits({"files": write(FAQ)})
    assert not ExactMatcher(rows["test"]).matches(rows["train"] + rows["heldout"])
    near = [
        {"prompt": row["prompt"].upper(), "answer": "x"} for row in rows["test"]
    ]  # equal to the gate alone
    more = splits({"files": write([*FAQ, *near])})
    matched = ExactMatcher(more["test"]).matches(more["train"] + more["heldout"])
    assert matched  # and `decontaminate` takes them out of training


def test_what_the_contamination_gate_makes_of_a_common_wording_and_of_common_passages():
    ask = "You answer for the shop Acme. Answer the customer below politely, in one short sentence. Where is"
    rows = splits({"files": write([{"prompt": f"{ask} {n}?", "answer": "x"} for n in range(160)])})
    overlapping, wording, _ = Overlaps(rows["train"]).find(rows["test"])
    assert not overlapping and wording  # what over a hundredth of the rows share is no contamination
    words = "the parcel went from the warehouse in Lyon to the depot near Basel on a rainy day".split()
    passages = [" ".join(f"{word}{n}" for word in words) for n in range(32)]
    asked = [{"prompt": f"{text}\nQuestion {n}?", "answer": "x"} for text in passages for n in range(5)]
    rows = splits({"files": write(asked)})
    overlapping, *_ = Overlaps(rows["train"]).find(rows["test"])
    assert len(overlapping) > 0.5 * len(rows["test"])  # and the gate stops the run (docs/own_data.md)


def test_a_hub_data_set(tmp_path):
    root = tmp_path / "copies"
    hub_folder(root / "faq", ("main", "train", "train.jsonl", jsonl(FAQ)))
    seen = inspect(hub={"repo": "acme/faq", "config": "main"}, root=root)
    assert seen.rows == 160 and not seen.faults
    seen = inspect(hub={"repo": "acme/faq", "config": "main", "splits": {"test": "train"}}, root=root)
    assert seen.splits == {"train": 0, "heldout": 0, "test": 160}
    seen = inspect(None, {"prompt": "quest"}, root, hub={"repo": "acme/faq", "config": "main"})
    assert seen.faults[0].startswith("acme/faq (train): no column 'quest' (it has prompt, answer)")
    (fault,) = inspect(hub={"repo": "acme/faq", "config": "other"}, root=root).faults
    assert "other" in fault and "data.root" in fault


@needs_data
def test_real_files():
    raw, table = DATA / "gsm8k/raw/test.jsonl", DATA / "gsm8k/main/test-00000-of-00001.parquet"
    seen = [inspect(str(path), {"prompt": "question"}) for path in (raw, table)]
    assert seen[0] == seen[1] and seen[0].rows == 1319
    assert abs(seen[0].splits["test"] / 1319 - 0.1) < 0.04
    choices = inspect(
        str(DATA / "safetybench/test_zh_subset.json"), {"prompt": "question", "choices": "options"}
    )
    assert choices.columns == ("id", "options", "category", "question")  # a test without its answers
    assert len(choices.faults) == 1 and "no column 'answer'" in choices.faults[0]


def test_prompts_alone_need_no_answers_and_read_none():
    rows = [{"prompt": row["prompt"]} for row in FAQ]
    options = {"files": write(rows), "answers": "none"}
    assert inspect(**options).used == {"prompt": "prompt"}
    assert {(row["answer"], row["solution"]) for row in splits(options)["train"]} == {("", "")}
    with_answers = {"files": write(FAQ, "other.jsonl"), "answers": "none"}
    assert splits(with_answers) == splits(options)
    (line,) = inspect(write(rows)).faults
    assert "no column 'answer'" in line
    (line,) = inspect(write([*rows, {"prompt": ""}]), answers="none").faults
    assert "line 161" in line and "the prompt is empty" in line
