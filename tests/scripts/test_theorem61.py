"""Theorem 6.1 from files: samples are graded, both sides stand beside each other."""

import math

import pytest

from tms.experiments import cells
from tms.io import parquet

RIGHT, WRONG = "so the answer : 36", "so the answer : 35"


def write_samples(path, policy, base, kl=0.08, prompts="heldout", benchmark="chain"):
    """One sample a prompt and side; `policy` and `base` are completions."""
    written = [
        dict.fromkeys(parquet.DRIFT_SAMPLES)
        | {
            "source": source,
            "prompts": prompts,
            "benchmark": benchmark,
            "example_id": f"p{place}",
            "sample": 0,
            "context": "",
            "completion": completion,
            "completion_ids": [],
            "answer": "36",
            "finish_reason": "stop",
            "kl": kl,
        }
        for source, completions in (("policy", policy), ("base", base))
        for place, completion in enumerate(completions)
    ]
    parquet.write(path, parquet.DRIFT_SAMPLES, written, {})


def flags(labels, graders=("chain=chain",)):
    words = ["--model", "m", "--samples", *[f"{label}={label}.parquet" for label in labels]]
    return [*words, "--graders", *graders, "--output", "cells.parquet"]


def test_both_sides_from_graded_samples(program, tmp_path):
    write_samples(tmp_path / "tms/chain/seed0.parquet", [RIGHT, WRONG, RIGHT, WRONG], [WRONG] * 4)
    write_samples(tmp_path / "tms/chain/seed1.parquet", [RIGHT, WRONG, WRONG, WRONG], [WRONG] * 4, kl=0.32)
    write_samples(tmp_path / "sft/chain/seed0.parquet", [WRONG] * 4, [RIGHT, RIGHT, WRONG, WRONG])
    done = program("theorem61", *flags(["tms/chain/seed0", "tms/chain/seed1", "sft/chain/seed0"]))
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert {(cell["experiment"], cell["train_task"], cell["prompts"]) for cell in found} == {
        ("theorem61", "chain", "heldout")
    }
    (left,) = cells.select(found, method="tms", quantity="left")
    assert left["value"] == pytest.approx(0.375) and (left["n"], left["seeds"]) == (4, 2)
    (corollary,) = cells.select(found, method="tms", quantity="corollary")
    assert corollary["value"] == pytest.approx(math.sqrt(0.4))
    (change,) = cells.select(found, method="sft", quantity="change")
    assert change["value"] == -0.5 and change["seeds_low"] is None


def test_a_benchmark_without_a_grader_is_one_line(program, tmp_path):
    write_samples(tmp_path / "tms/chain/seed0.parquet", [RIGHT], [WRONG])
    done = program("theorem61", *flags(["tms/chain/seed0"], graders=["facts=facts"]))
    assert done.returncode == 2
    assert done.stderr == "error: --samples: benchmark chain has no grader; add it to --graders\n"


def test_a_run_without_samples_is_one_line(program, tmp_path):
    write_samples(tmp_path / "tms/chain/seed0.parquet", [], [])
    done = program("theorem61", *flags(["tms/chain/seed0"]))
    assert done.returncode == 2
    assert done.stderr.startswith("error: tms/chain/seed0.parquet: no samples; set drift.prompts above 0")
