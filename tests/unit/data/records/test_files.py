"""Files of each format: what is read, and every fault with its line."""

import datetime
import decimal
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.data.records import files, text_files
from tms.data.records.findings import LISTED, Findings
from tms.data.records.read import inspect

WANTED = {"prompt", "answer", "messages", "gold", "choices"}
GOOD = '{"prompt": "p", "answer": "a"}'
DEEP = "[" * 100_000


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(name, content, wanted=WANTED):
    """The table of a file with this content, and its faults without the file's name."""
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = Findings(name, "row" if name.endswith("parquet") else "line")
    table = files.read_file(name, wanted, found)
    return table, [line.removeprefix(name).lstrip(", ") for line in found.lines]


ROWS = [
    {"prompt": "What is 3 < 4?", "answer": 'true, "surely"'},
    {"prompt": "Über\nzwei Zeilen 😀", "answer": "3.50"},
    {"prompt": "x,y;z", "answer": "  kept  "},
]


def csv_text(rows, end="\n"):
    quote = lambda text: '"' + text.replace('"', '""') + '"'  # noqa: E731
    return "".join(
        ",".join(map(quote, line)) + end for line in [["prompt", "answer"], *(row.values() for row in rows)]
    )


@pytest.mark.parametrize(
    ("name", "content", "places"),
    [
        ("a.jsonl", "\n".join(json.dumps(row) for row in ROWS), [1, 2, 3]),
        ("a.jsonl", "\ufeff" + "\r\n\r\n".join(json.dumps(row) for row in ROWS) + "\r\n", [1, 3, 5]),
        ("a.json", json.dumps(ROWS, indent=1, ensure_ascii=False), [2, 6, 10]),
        ("a.json", json.dumps(ROWS), [1, 2, 3]),
        ("a.json", "\ufeff\n " + json.dumps(ROWS) + "\n", [1, 2, 3]),
        ("a.csv", csv_text(ROWS), [2, 3, 5]),  # a text of two lines
        ("a.csv", "\ufeff" + csv_text(ROWS, "\r\n"), [2, 3, 5]),
    ],
)
def test_text_formats(name, content, places):
    table, faults = read(name, content)
    assert faults == [] and list(table.columns) == ["prompt", "answer"]
    assert table.rows == list(zip(places, ROWS, strict=True))


def test_parquet():
    values = {"prompt": [f"p{n}" for n in range(200)], "answer": list(range(200)), "extra": [b"x"] * 200}
    pq.write_table(pa.table(values), "a.parquet")
    table, faults = read("a.parquet", None)
    assert faults == [] and list(table.columns) == ["prompt", "answer", "extra"]
    assert table.rows[150] == (151, {"prompt": "p150", "answer": 150})  # more than a batch; extra is not read


def test_columns_that_are_not_used_are_not_kept_but_known():
    table, _ = read("a.jsonl", '{"prompt": "p", "b": 1}\n{"c": 2, "answer": "a"}')
    assert list(table.columns) == ["prompt", "b", "c", "answer"]
    assert table.rows == [(1, {"prompt": "p"}), (2, {"answer": "a"})]


@pytest.mark.parametrize(
    ("name", "content", "faults"),
    [
        ("a.jsonl", "", ["the file is empty; write rows into it"]),
        ("a.csv", "", ["the file is empty; write rows into it"]),
        (
            "a.jsonl",
            f"{GOOD}\n{{'prompt': 1}}\n\n{GOOD[:-1]}\nnull\n[1]\n{GOOD}",
            [
                "line 2: broken JSON (Expecting property name enclosed in double quotes at place 2)",
                "line 4: broken JSON (Expecting ',' delimiter at place 30); correct the line",
                "line 5: None is no object; write {...} with the columns' names",
                "line 6: [1] is no object; write {...} with the columns' names",
            ],
        ),
        (
            "a.jsonl",
            f"[{GOOD},",
            ["line 1: begins with [: one JSON list, not an object a line; name the file .json"],
        ),
        ("a.jsonl", f"{GOOD}\n{DEEP}\n", ["line 2: broken JSON (nested too deep); correct the line"]),
        ("a.jsonl", f'{GOOD}\n{{"prompt": {"1" * 5000}}}', ["line 2: broken JSON (Exceeds the limit (4300"]),
        (
            "a.jsonl",
            f'{GOOD}\n{{"prompt": "p", "answer": "a", "answer": "b"}}',
            ["line 2: broken JSON (key 'answer' stands twice); correct the line"],
        ),
        (
            "a.json",
            f'[{GOOD},\n{{"prompt": "p", "prompt": "q"}}]',
            ["line 2: broken JSON (key 'prompt' stands twice); correct it (rows after it are not read)"],
        ),
        ("a.jsonl", GOOD.encode("utf-16"), ["it is UTF-16; save it as UTF-8"]),
        (
            "a.csv",
            "prompt,answer\n".encode("utf-16-be"),
            ["line 1: NUL bytes (UTF-16, or no text at all?); save"],
        ),
        (
            "a.jsonl",
            f"{GOOD}\n".encode() + '{"prompt": "Über", "answer": "a"}\n'.encode("latin-1"),
            ["line 2: no UTF-8 (byte 0xdc at place 13; Latin-1 or Windows-1252?); save it as UTF-8"],
        ),
        ("a.jsonl", f"{GOOD}\n\0\n", ["line 2: NUL bytes"]),
        ("a.json", GOOD, ["line 1: an object, no list of rows; write [{...}, {...}]"]),
        ("a.json", f"{GOOD}\n{GOOD}", ["line 1: an object, no list of rows"]),
        ("a.json", '"text"', ["line 1: no JSON list of rows"]),
        ("a.json", f"[{GOOD},\n\n{GOOD} {GOOD}]", ["line 3: broken JSON (no comma or ] after a row)"]),
        ("a.json", f"[{GOOD},\n{GOOD[:9]}", ["line 2: broken JSON (Expecting ':' delimiter at place 10)"]),
        ("a.json", f"[{GOOD},\n{DEEP}", ["line 2: broken JSON (nested too deep); correct it (rows after it"]),
        ("a.json", f"[{GOOD},\n7]", ["line 2: 7 is no object"]),
        ("a.json", f"[{GOOD}]\n\n]", ["line 3: ']' after the list's end; remove it"]),
        ("a.json", f"[{GOOD}", ["row 1: broken JSON (no comma or ] after a row)"]),
        ("a.json", f"[{GOOD},", ["row 2: broken JSON (Expecting value at place"]),
        ("a.json", f"[{GOOD}, 7]", ["row 2: 7 is no object"]),
        ("a.json", b'[{"prompt": "\xe4"}]', ["no UTF-8 (byte 0xe4 at place 14"]),
        (
            "a.csv",
            'prompt,answer\np,a\np,a,b\n"x\ny"\np,a\n',
            [
                "line 3: 3 fields, but the header names 2; put a text that holds commas into quotation marks",
                "line 4: 1 fields, but the header names 2",
            ],
        ),
        (
            "a.csv",
            "prompt;answer\np;a\n",
            ["line 1: the columns are separated by ';'; write the file with commas"],
        ),
        ("a.csv", "prompt\tanswer\np\ta\n", ["line 1: the columns are separated by tabs"]),
        ("a.csv", "prompt,prompt\np,a\n", ["line 1: two columns are called 'prompt'; rename one"]),
        (
            "a.csv",
            'prompt,answer\np,a\n"x,a\np,a\n',
            ["line 3: broken CSV (unexpected end of data); is a quotation"],
        ),
        ("a.csv", 'prompt,answer\n"x"y,a\np,a\n', ["line 2: broken CSV (',' expected after '\"')"]),
        (
            "a.csv",
            b"prompt,answer\np,\xe4\np,a\np,\0\np,a\n",
            ["line 2: no UTF-8 (byte 0xe4 at place 3", "line 4: NUL bytes"],
        ),
        ("a.parquet", "PAR1", ["no readable Parquet file ("]),
        ("a.parquet", b"PAR1" + b"\0" * 100 + b"PAR1", ["no readable Parquet file ("]),
        ("a.jsonl", None, ["no such file; correct the path"]),
    ],
)
def test_every_fault_with_its_line(name, content, faults):
    table, found = read(name, content)
    assert len(found) == len(faults), found
    for line, words in zip(found, faults, strict=True):
        assert line.lstrip(": ").startswith(words.lstrip(": ")), (line, words)
    for place, row in table.rows:
        assert row and place


def test_lines_that_can_be_read_beside_those_that_cannot():
    table, _ = read("a.jsonl", f"{GOOD}\n{{\n{GOOD}\n".encode() + b"\xff\n" + GOOD.encode())
    assert [place for place, _ in table.rows] == [1, 3, 5]
    table, _ = read("a.csv", b"prompt,answer\np,\xe4\np,a\np,\0\np,a\n")
    assert [place for place, _ in table.rows] == [3, 5]


def test_what_is_no_file():
    Path("folder.jsonl").mkdir()
    assert read("folder.jsonl", None)[1] == [": a folder; name a file in it"]
    os.mkfifo("pipe.jsonl")
    assert read("pipe.jsonl", None)[1] == [": no plain file; write the rows into one"]
    Path("loop.jsonl").symlink_to("loop.jsonl")
    assert "cannot be read" in read("loop.jsonl", None)[1][0]
    assert "cannot be read" in read("x" * 300 + ".jsonl", None)[1][0]
    assert "cannot be read" in read("nul\0.jsonl", None)[1][0]


def test_a_long_line_is_left_out_and_not_held(monkeypatch):
    monkeypatch.setattr(text_files, "LONGEST", 1 << 20)
    long = GOOD.replace("p", "p" * (2 << 20), 1)
    table, faults = read("a.jsonl", f"{GOOD}\n{long}\n{GOOD}\n{long}")
    assert faults == [f"line {n}: longer than 1 MiB; shorten it" for n in (2, 4)]
    assert [place for place, _ in table.rows] == [1, 3]
    table, faults = read("a.csv", 'prompt,answer\np,a\n"' + "x\n" * (1 << 20))
    assert len(faults) == 1 and "line 3: broken CSV (a row of more than 1 MiB)" in faults[0]


def test_many_rows_and_endless_rows_are_not_held(monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 1000)
    for name, content in (("a.jsonl", "{}\n" * 1500), ("a.json", f"[{'{},' * 1500}{{}}]")):
        table, faults = read(name, content)
        assert len(table.rows) == 1000 and len(faults) == 1 and "over 1000 rows; take a part" in faults[0]
    pq.write_table(pa.table({"prompt": ["p"] * 1500}), "a.parquet")
    assert read("a.parquet", None)[1] == ["row 1001: over 1000 rows; take a part of them"]
    monkeypatch.setattr(text_files, "LONGEST", 1 << 10)
    _, faults = read("a.csv", "prompt,answer\np,a\n" + '"\n",' * 1000)
    assert len(faults) == 1 and "line 3: broken CSV (a row of more than 0 MiB)" in faults[0]


def test_a_huge_file_is_refused(monkeypatch):
    with Path("a.jsonl").open("wb") as stream:
        stream.truncate(files.LARGEST + (1 << 20))  # sparse
    assert read("a.jsonl", None)[1] == [": 4097 MiB, over 4096; take a part of it"]
    Path("a.jsonl").rename("a.json")
    assert read("a.json", None)[1] == [": 4097 MiB, over 256; write it as JSON lines (.jsonl)"]
    pq.write_table(pa.table({"prompt": ["x" * 1000] * 1000}), "a.parquet")
    monkeypatch.setattr(files, "LARGEST", 1 << 19)
    assert read("a.parquet", None)[1] == [": over 0 MiB of texts; take a part of it"]


def test_the_listing_is_short():
    _, faults = read("a.jsonl", f"{GOOD}\n" + "{\n" * 100_000)
    assert len(faults) == LISTED + 1
    assert faults[0].startswith("line 2: ") and faults[LISTED - 1].startswith(f"line {LISTED + 1}: ")
    assert faults[-1] == f": and {100_000 - LISTED} more; correct these first"


@given(st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.parquet"]), st.binary(max_size=200))
def test_any_bytes_are_rows_or_faults(name, content):
    table, faults = read(name, content)
    assert table.rows or faults or table.columns or not content.decode("utf-8-sig").strip()
    assert all("\n" not in fault and "\r" not in fault for fault in faults)


pieces = st.sampled_from(
    ['{"prompt": "p"}', "{", "}", "[", "]", ",", '"', "\\", "\n", "\r", " ", "1e999", "é", "\0"]
)


@given(st.sampled_from(["a.jsonl", "a.json", "a.csv"]), st.lists(pieces, max_size=30).map("".join))
def test_any_text_is_rows_or_faults(name, content):
    table, faults = read(name, content)
    assert all("\n" not in fault and fault.isprintable() for fault in faults)
    assert all(isinstance(row, dict) for _, row in table.rows)


@pytest.mark.parametrize("column", ["prompt", "answer", "gold"])
@pytest.mark.parametrize(
    "values, kind",
    [
        ([None, None], "empty"),
        ([[1], [2]], "a list"),
        ([b"\xff", b"x"], "bytes"),
        ([datetime.date(2020, 1, 1)] * 2, "a date"),
        ([datetime.timedelta(1)] * 2, "a timedelta"),
        ([decimal.Decimal("1.5")] * 2, "a Decimal"),
        ([[b"\xff"], [b"x"]], "JSON"),
        ([{"a": datetime.date(2020, 1, 1)}] * 2, "JSON"),
        ([[float("nan")]] * 2, "JSON"),
        (pa.array([2**60] * 2, pa.date64()), "out of range"),
    ],
)
def test_a_column_of_another_type_is_a_line_that_names_row_and_column(tmp_path, column, values, kind):
    if column == "gold" and kind in ("empty", "a list"):  # a gold may be missing, or a list
        return
    if column != "gold" and kind == "JSON":
        kind = "list" if isinstance(values[0], list) else "object"
    texts = {"prompt": ["p", "q"], "answer": ["a", "b"]}
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table(texts | {column: values}), file)
    fault = inspect(str(file)).faults[0]
    assert kind in fault and "\n" not in fault
    assert fault.startswith(f"{file}") and (kind == "out of range" or f"row 1: the {column}" in fault)


def test_a_fault_names_the_files_own_column(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"question": [1], "answer": "a"}\n')
    (fault,) = inspect(str(file), columns={"prompt": "question"}).faults
    assert fault.startswith(f"{file}, line 1: the prompt (column question) is a list")
