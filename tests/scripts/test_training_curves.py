"""Curves of on-policy runs as cells: means over the seeds, step by step."""

import pytest
from scipy.stats import t

from tms.experiments import cells
from tms.experiments.training_curves import POINTS
from tms.io import parquet


def write(path, steps):
    """A curve.parquet with these values of the first steps; what is not given was not measured."""
    found = [dict.fromkeys(parquet.CURVE) | {"step": number} | row for number, row in enumerate(steps, 1)]
    parquet.write(path, parquet.CURVE, found, {})


@pytest.fixture
def drawn(program, tmp_path):
    """Call with `label -> rows of its curve`; returns the cells."""

    def run(curves):
        for label, steps in curves.items():
            write(tmp_path / label / "curve.parquet", steps)
        words = [f"{label}={label}/curve.parquet" for label in curves]
        done = program("training_curves", "--model", "m", "--curves", *words, "--output", "training.parquet")
        assert done.returncode == 0, done.stderr
        return cells.read([tmp_path / "training.parquet"])

    return run


def test_means_over_the_seeds_with_their_spread(drawn):
    found = drawn(
        {
            "grpo/chain/seed0": [{"reward": 0.2, "kl": 0.0}, {"reward": 0.4, "kl": 1.0}],
            "grpo/chain/seed1": [{"reward": 0.4, "kl": 0.0}, {"reward": 0.8, "kl": 3.0}],
            "reinforce/chain/seed0": [{"reward": 0.1}],
        }
    )
    assert {(cell["experiment"], cell["model"], cell["train_task"]) for cell in found} == {
        ("training_curves", "m", "chain")
    }
    rewards = cells.select(found, method="grpo", quantity="reward")
    assert [(cell["x"], cell["seeds"], cell["note"]) for cell in rewards] == [(1, 2, ""), (2, 2, "")]
    assert [cell["value"] for cell in rewards] == pytest.approx([0.3, 0.6])
    # Two values d apart: their standard error is d / 2.
    halves = [t.ppf(0.975, 1) * spread / 2 for spread in (0.2, 0.4)]
    for cell, half in zip(rewards, halves, strict=True):
        assert cell["seeds_low"] == pytest.approx(cell["value"] - half)
        assert cell["seeds_high"] == pytest.approx(cell["value"] + half)
    (alone,) = cells.select(found, method="reinforce")
    assert (alone["quantity"], alone["value"], alone["seeds"]) == ("reward", 0.1, 1)
    assert alone["seeds_low"] is alone["seeds_high"] is None


def test_the_steps_that_a_shorter_run_lacks_are_of_the_others(drawn):
    found = drawn(
        {
            "grpo/chain/seed0": [{"reward": 0.2}, {"reward": 0.6}, {"reward": None}],
            "grpo/chain/seed1": [{"reward": 0.4}],
        }
    )
    assert [(cell["x"], cell["value"], cell["seeds"]) for cell in found] == [
        (1, pytest.approx(0.3), 2),
        (2, 0.6, 1),
    ]


def test_of_a_long_run_each_cell_is_the_mean_of_some_steps(drawn):
    steps = 2 * POINTS + 2  # in threes, and one that is left over
    found = drawn({"grpo/chain/seed0": [{"length": float(number)} for number in range(1, steps + 1)]})
    assert [cell["x"] for cell in found] == [*range(3, steps, 3), steps]
    assert (found[0]["value"], found[0]["note"]) == (2.0, "mean of steps 1 to 3")
    assert (found[-1]["value"], found[-1]["note"]) == (steps, "")


@pytest.mark.parametrize(
    "steps, message", [([], "no optimiser step in it"), (None, "no such file; run the stage that makes it")]
)
def test_a_run_without_a_curve_is_one_line(program, tmp_path, steps, message):
    if steps is not None:
        write(tmp_path / "curve.parquet", steps)
    done = program(
        "training_curves",
        "--model",
        "m",
        "--curves",
        "grpo/chain/seed0=curve.parquet",
        "--output",
        "x.parquet",
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: curve.parquet: ") and message in done.stderr
