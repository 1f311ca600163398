"""Cells of the learning curves: mean losses by share of the run, scores at graded checkpoints."""

import numpy as np
import pytest
from helpers.simulated_grades import SUITE, TRADE, world
from hypothesis import given
from hypothesis import strategies as st

from tms.experiments.cells import select
from tms.experiments.learning import LOSS, STRETCHES, loss_cells, score_cells
from tms.metrics import statistics
from tms.metrics.summary import summarise

losses = st.lists(st.floats(0, 20), min_size=1, max_size=130)


def of(runs: dict) -> dict:
    return {run: {"losses": values} for run, values in runs.items()}


def test_losses_by_hand():
    runs = {
        ("a", 0): [4.0, 2.0],
        ("b", 0): [8.0, 6.0, 4.0, 2.0],
        ("a", 1): [2.0, 0.0],
        ("b", 1): [6.0, 4.0, 2.0, 0.0],
    }
    rows = loss_cells(of(runs), ["a", "b"])
    own = select(rows, train_task="")
    assert [(row["x"], row["value"], row["seeds"]) for row in own] == [(0.5, 4.5, 2), (1.0, 1.5, 2)]
    assert [row["value"] for row in select(rows, train_task="a")] == [3.0, 1.0]
    assert [row["value"] for row in select(rows, train_task="b")] == [7.0, 5.0, 3.0, 1.0]
    assert all(row["seeds_low"] < row["value"] < row["seeds_high"] for row in own)


@given(values=losses)
def test_a_runs_stretches_hold_all_of_its_steps(values):
    rows = loss_cells(of({("a", 0): values}), ["a"])
    curve = select(rows, train_task="a", quantity=LOSS)
    assert len(curve) == min(STRETCHES, len(values)) and curve[-1]["x"] == 1
    sizes = [len(part) for part in np.array_split(values, len(curve))]
    assert np.average([row["value"] for row in curve], weights=sizes) == pytest.approx(np.mean(values))
    assert curve[0]["seeds_low"] is None


def test_a_run_without_a_loss_has_no_curve():
    assert loss_cells(of({("a", 0): []}), ["a"]) == [] and loss_cells({}, ["a"]) == []


def test_scores_of_sft_and_tms_at_their_checkpoints(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 50)
    base, ends = world(np.random.default_rng(3), TRADE[:2], TRADE[2:3], 60)
    first, second, third = ends.values()
    points = {
        ("sft", "1of5"): first,
        ("sft", ""): second,
        ("tms", "3of5"): third,
        ("sft_lr10", "1of5"): first,
    }
    rows = score_cells("m", base, points, SUITE)
    assert {(row["method"], row["checkpoint"]) for row in rows} == {("sft", "1of5"), ("tms", "3of5")}
    whole = summarise(base, points, SUITE, transfer=False)[""]
    for row in rows:
        summary = whole[row["method"], row["checkpoint"]]
        assert row["value"] == summary.value(row["quantity"].removeprefix("along."))
        assert row["ci_low"] <= row["value"] <= row["ci_high"] and not row["prompts"]
    assert {row["quantity"] for row in rows} == {"along.target_mean", "along.retention_mean"}
    assert score_cells("m", base, {("sft", ""): second}, SUITE) == []
