"""The rows of several tasks joined for one run: all of them, told apart, mixed, and as they were."""

import json
from math import sqrt

import pytest

from tms.io import parquet
from tms.mixture.schedule import visits

CONTEXT = json.dumps([{"role": "system", "content": "be brief"}])


@pytest.fixture
def join(program, tmp_path):
    """Join 60 references of one task, with messages before their prompts, and 40 of another."""
    for task, count, context in (("faq", 60, CONTEXT), ("tools", 40, "")):
        rows = [
            {
                "example_id": f"train-{number}",
                "context": context,
                "prompt": f"{task} {number}",
                "completion": f"c {number}",
                "answer": str(number),
            }
            for number in range(count)
        ]
        parquet.write(tmp_path / f"{task}.parquet", parquet.REFERENCES, rows, {"stage": task})

    def run(*tasks, rows="references"):
        words = [f"{task}={task}.parquet" for task in tasks]
        return program("join_tasks", "--rows", rows, "--tasks", *words, "--output", "all.parquet")

    return run


def test_every_row_is_there_once_with_its_task(join, tmp_path):
    done = join("faq", "tools")
    assert (done.returncode, done.stdout) == (0, "all.parquet: 60 of faq, 40 of tools\n"), done.stderr
    rows = parquet.read_references(tmp_path / "all.parquet", benchmark="other")
    assert len({row["example_id"] for row in rows}) == len(rows) == 100
    for row in rows:
        task, number = row["example_id"].split("/train-")
        assert row == {
            "example_id": f"{task}/train-{number}",
            "context": CONTEXT if task == "faq" else "",
            "prompt": f"{task} {number}",
            "completion": f"c {number}",
            "answer": number,
            "benchmark": task,
        }
    assert parquet.provenance(tmp_path / "all.parquet")["tasks"] == {
        "faq": {"stage": "faq"},
        "tools": {"stage": "tools"},
    }


def test_a_row_more_moves_no_pair_of_others(join, tmp_path):
    join("faq", "tools")
    whole = [row["example_id"] for row in parquet.read_references(tmp_path / "all.parquet")]
    join("tools")
    alone = [row["example_id"] for row in parquet.read_references(tmp_path / "all.parquet")]
    assert alone == [name for name in whole if name.startswith("tools/")]


def test_the_first_rows_and_each_batch_of_training_mix_the_tasks(join, tmp_path):
    """Within four standard deviations of drawing without replacement, for any stretch of rows."""
    join("faq", "tools")
    rows = [row["example_id"] for row in parquet.read_references(tmp_path / "all.parquet")]
    ordered = [name for _, _, name in visits(rows, 200, seed=3)]
    for order in (rows, ordered[:100], ordered[100:]):
        for first in range(0, 100, 20):
            count = sum(name.startswith("faq/") for name in order[first : first + 20])
            deviation = sqrt(20 * 0.6 * 0.4 * (100 - 20) / (100 - 1))
            assert abs(count - 12) < 4 * deviation


def test_prompts_are_joined_too(join, tmp_path):
    for task in ("faq", "tools"):
        rows = [
            {"example_id": "h", "prompt": task, "answer": "1", "problem": task, "solution": "s"}
            for _ in range(1)
        ]
        parquet.write(tmp_path / f"{task}.parquet", parquet.PREPARED, rows, {})
    assert join("faq", "tools", rows="examples").returncode == 0
    found = parquet.read(tmp_path / "all.parquet", [*parquet.PREPARED, "benchmark"])
    assert {(row["example_id"], row["benchmark"]) for row in found} == {
        ("faq/h", "faq"),
        ("tools/h", "tools"),
    }


def test_a_missing_file_is_one_line(join, tmp_path):
    (tmp_path / "tools.parquet").unlink()
    done = join("faq", "tools")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: tools.parquet: no such file")
