"""Curves of the on-policy runs: reward, divergence, entropy and lengths of their rollouts, step by step."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from tms.experiments import cells
from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics.statistics import seed_interval

EXPERIMENT = "training_curves"
QUANTITIES = ["reward", "kl", "entropy", "length", "truncated", "failures", "equal"]
POINTS = 400  # cells of a curve; of longer runs each cell is the mean of some steps


def read(path: Path) -> list[dict]:
    """Read the steps of a run from its curve.parquet, in their order.

    Raises:
        InputError: the file is missing or broken, or has no step.
    """
    steps = parquet.read(path, ["step", *QUANTITIES])
    if not steps:
        raise InputError(f"{path}: no optimiser step in it; delete the run's folder and train again")
    return sorted(steps, key=lambda row: row["step"])


def curve_cells(model: str, method: str, task: str, runs: Mapping[int, Sequence[dict]]) -> list[dict]:
    """Each quantity of a method's runs along their optimiser steps, as means over the seeds.

    A cell's `x` is its step; of runs longer than `POINTS`, the last of the steps that it is the mean of, as
    its note says. Runs of one token budget may differ in their steps, so `seeds` counts the runs that reached
    them, and the interval over seeds is over these. A quantity that an algorithm lacks (of REINFORCE, prompts
    with equal rewards) has no cells.

    Args:
        model, method: the columns of the same names.
        task: target task of the runs.
        runs: seed -> rows of its curve.parquet.
    """
    last = max(steps[-1]["step"] for steps in runs.values())
    width = math.ceil(last / POINTS)
    rows = []
    for quantity in QUANTITIES:
        stretches: dict[int, list[float]] = {}
        for steps in runs.values():
            for stretch, values in _stretches(steps, quantity, width).items():
                stretches.setdefault(stretch, []).append(sum(values) / len(values))
        for stretch, values_S in sorted(stretches.items()):
            first, end = stretch * width + 1, min((stretch + 1) * width, last)
            low, high = seed_interval(values_S) or (None, None)
            rows.append(
                cells.cell(
                    EXPERIMENT,
                    model,
                    quantity,
                    sum(values_S) / len(values_S),
                    method=method,
                    train_task=task,
                    x=float(end),
                    seeds_low=low,
                    seeds_high=high,
                    seeds=len(values_S),
                    note=f"mean of steps {first} to {end}" if end > first else "",
                )
            )
    return rows


def _stretches(steps: Sequence[dict], quantity: str, width: int) -> dict[int, list[float]]:
    """A run's measured values by stretch of `width` steps."""
    values: dict[int, list[float]] = {}
    for row in steps:
        if row[quantity] is not None:
            values.setdefault((row["step"] - 1) // width, []).append(row[quantity])
    return values
