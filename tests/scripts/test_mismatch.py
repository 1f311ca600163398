"""Long runs from their files: Table 1 as cells."""

import json

import pytest

from tms.experiments import cells
from tms.io import parquet
from tms.io.cost import Cost, write

SEEDS = (0, 1)
LABELS = [f"sft_long/chain/seed{seed}" for seed in SEEDS]


def loss(value):
    return {
        "per_token": value,
        "per_token_stderr": 0.1,
        "per_sequence": 5 * value,
        "per_sequence_stderr": 0.5,
    }


def write_grades(path, right):
    """Grades on 4 examples a benchmark; `right` maps (checkpoint, benchmark) to the right answers."""
    found = [
        dict.fromkeys(parquet.GRADES)
        | {
            "checkpoint": checkpoint,
            "benchmark": benchmark,
            "example_id": f"{benchmark}-{place}",
            "grade": float(place < count),
        }
        for (checkpoint, benchmark), count in right.items()
        for place in range(4)
    ]
    parquet.write(path, parquet.GRADES, found, {})


def fill(folder):
    """Two runs of 200 steps with one checkpoint between; the second seed's held-out loss turns."""
    write_grades(folder / "base.parquet", {("", "chain"): 1, ("", "facts"): 4})
    for seed, val in zip(SEEDS, ([2.0, 0.6, 0.6], [2.0, 0.4, 1.0]), strict=True):
        run = folder / LABELS[seed]
        write_grades(run / "points.parquet", {("1of2", "chain"): 2, ("1of2", "facts"): 3})
        write_grades(run / "grades.parquet", {("", "chain"): 3, ("", "facts"): 2 - seed})
        points = ["0of1", "1of2", "1of1"]
        held = {
            point: loss(value) | {"n": 7, "drift_per_token": 0.1 * seed, "drift_per_sequence": 0.5 * seed}
            for point, value in zip(points, val, strict=True)
        }
        train = {point: loss(value) | {"n": 9} for point, value in zip(points, [2.0, 0.5, 0.1], strict=True)}
        (run / "drift.json").write_text(json.dumps({"trajectory": held, "train_trajectory": train}))
        write(run / "cost.json", Cost(optimizer_steps=200))


def flags(labels=LABELS):
    words = ["--model", "m", "--retention", "facts", "--base-grades", "base.parquet"]
    for flag, name, given in (
        ("--drifts", "drift.json", LABELS),
        ("--costs", "cost.json", labels),
        ("--points", "points.parquet", LABELS),
        ("--grades", "grades.parquet", LABELS),
    ):
        words += [flag, *[f"{label}={label}/{name}" for label in given]]
    return [*words, "--output", "cells.parquet"]


def test_table_1(program, tmp_path):
    fill(tmp_path)
    done = program("mismatch", *flags())
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert {(cell["experiment"], cell["model"], cell["method"], cell["train_task"]) for cell in found} == {
        ("mismatch", "m", "sft_long", "chain")
    }
    lines = {
        quantity: [cell["value"] for cell in cells.select(found, quantity=quantity)]
        for quantity in ("train_nll.per_token", "val_nll.per_token", "chain", "facts", "retention_mean")
    }
    assert lines["train_nll.per_token"] == pytest.approx([2.0, 0.5, 0.1])
    assert lines["val_nll.per_token"] == pytest.approx([2.0, 0.5, 0.8])
    assert lines["chain"] == [0.25, 0.5, 0.75]
    assert lines["facts"] == lines["retention_mean"] == [1.0, 0.75, 0.375]
    (lowest,) = [cell for cell in cells.select(found, quantity="val_nll.per_token") if cell["note"]]
    assert (lowest["note"], lowest["x"], lowest["checkpoint"]) == ("minimum", 100, "1of2")


def test_a_run_that_one_flag_lacks_is_one_line(program, tmp_path):
    fill(tmp_path)
    done = program("mismatch", *flags(labels=LABELS[:1]))
    assert done.returncode == 2
    assert done.stderr == f"error: --costs: no file of {LABELS[1]}; name the same runs as in --drifts\n"
