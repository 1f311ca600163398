"""The answer from cells and costs on disk: JSON for the report, Markdown for a pull request."""

import json

import pytest
from helpers.made_answer import SCORED, cost_lines, pair

from tms.experiments import cells
from tms.io import cost
from tms.io.csv_file import checksum_file, write_csv
from tms.metrics.cost_table import COST

INFO = {"experiments": {"main": ["sft", "tms"]}, "suite": SCORED, "kinds": {"sft": "sft", "tms": "tms"}}
WORDS = ["--model", "m", "--info", json.dumps(INFO), "--experiment", "main", "--seeds", "0", "1"]
WORDS += ["--cells", "main.parquet", "--costs", "sft=sft.csv", "tms=tms.csv", "--settings-digest", "abc"]
WORDS += ["--run-costs", "sft_lr10/sft/chain/seed0=cost.json"]
WORDS += ["--warnings", "sft=sft.json", "tms=tms.json", "--note", "Its weights are dequantised."]
WORDS += [
    "--report",
    "report.html",
    "--output",
    "answer.json",
    "--summary",
    "summary.md",
    "--choose",
    "choose.json",
]


@pytest.fixture
def inputs(tmp_path):
    cells.write(tmp_path / "main.parquet", pair(-0.05, 0.0), {})
    for method, seconds in (("sft", 10.0), ("tms", 25.0)):
        empty = dict.fromkeys(COST, 0) | {"model": "m", "method": method}
        write_csv(
            tmp_path / f"{method}.csv", COST, [empty | line for line in cost_lines({"sft": [seconds] * 2})]
        )
        signs = {"base": [["facts: 3 of 6 are cut", "raise it"]], "chain/seed0": [], "all": []}
        (tmp_path / f"{method}.json").write_text(json.dumps(signs))
    cost.write(tmp_path / "cost.json", cost.Cost())
    return tmp_path


def test_the_answer_and_its_summary(program, inputs):
    done = program("answer", *WORDS)
    assert done.returncode == 0, done.stderr
    found = json.loads((inputs / "answer.json").read_text())
    assert found["sentence"] == (
        "On this model TMS scores 5 points lower than SFT and forgets as much (within 2 points); "
        "TMS takes about 2.5 times as long."
    )
    assert found["notes"] == ["Its weights are dequantised.", "Warning: base: facts: 3 of 6 are cut."]
    text = (inputs / "summary.md").read_text()
    assert found["sentence"] in text and "[report](report.html)" in text and "`abc`" in text
    assert found["sentence"] in done.stdout
    chosen = json.loads((inputs / "choose.json").read_text())
    assert chosen["choices"] == [] and "no experiment frontier" in chosen["notes"][0]
    assert chosen["notes"][0] not in done.stdout and chosen["notes"][0] not in text


def test_a_cost_that_is_no_number_is_one_line(program, inputs):
    """Of a file without a checksum; one with it is told as changed before."""
    checksum_file(inputs / "tms.csv").unlink()
    (inputs / "tms.csv").write_text((inputs / "tms.csv").read_text().replace("25.0", "2S.0"))
    done = program("answer", *WORDS)
    assert done.returncode == 2 and done.stderr.splitlines() == [
        "error: tms.csv: a value cannot be read (could not convert string to float: '2S.0'); "
        "delete it and run again"
    ]


def test_cells_that_are_missing_are_named(program, inputs):
    (inputs / "main.parquet").unlink()
    done = program("answer", *WORDS)
    assert done.returncode == 2 and done.stderr.startswith("error: main.parquet: no such file")
