"""Failure mode A (Section 4.1, Table 1): losses and scores along long runs, and where held-out loss turns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tms.experiments import cells
from tms.io import json_file
from tms.io.errors import InputError
from tms.metrics.loss_drift import add_drift
from tms.metrics.per_example import Model, interval, misfit, read_checkpoints, read_per_example, score_draws
from tms.metrics.statistics import normal_interval, seed_interval
from tms.metrics.terms import combined, mean_terms
from tms.mixture.checkpoints import BASE, FINAL, step_of

# Quantity of a cell -> where drift.json has it at each point.
LOSSES = {
    "train_nll": ("train_trajectory", ""),
    "val_nll": ("trajectory", ""),
    "drift": ("trajectory", "drift_"),
}
UNITS = ["per_token", "per_sequence"]


@dataclass(frozen=True)
class LongRun:
    """Measurements along one run.

    Attributes:
        steps: optimiser steps of the whole run.
        trajectory: point -> held-out NLL and its drift, as in drift.json; theta_0 and the end included.
        train_trajectory: point -> NLL of training references.
        grades: point -> items by score, at the points that were evaluated.
    """

    steps: int
    trajectory: dict[str, dict]
    train_trajectory: dict[str, dict]
    grades: dict[str, Model]


def read_trajectories(path: Path) -> tuple[dict[str, dict], dict[str, dict]]:
    """Read the held-out and the training NLL along a run from its drift.json.

    Raises:
        InputError: the file is missing or broken, or was not measured as a long run.
    """
    drift = json_file.read(path, "drift file", "delete it and run drift again")
    try:
        return drift["trajectory"], drift["train_trajectory"]
    except KeyError as error:
        raise InputError(
            f"{path}: no {error.args[0]}; name the method in experiments.mismatch and run drift again"
        ) from error


def read_points(points: Path, end: Path, base: Path) -> dict[str, Model]:
    """Read the grades at each evaluated point of a run, from theta_0 to the end.

    Args:
        points: grades of the checkpoints between, told apart by their column `checkpoint`.
        end, base: grades of the run's end and of theta_0.
    """
    return {BASE: read_per_example(base), **read_checkpoints(points), FINAL: read_per_example(end)}


def at_shared_points(methods: Sequence[Mapping[int, LongRun]]) -> list[dict[int, LongRun]]:
    """The runs at the points that all methods have, with the drift since the lowest loss at these.

    A run that is harvested saves more, and its minimum over more points would be the lower one.

    Args:
        methods: of each the runs by seed.
    """
    firsts = [next(iter(runs.values())) for runs in methods]
    shared = set.intersection(*(set(run.trajectory) for run in firsts))
    return [{seed: _at(run, shared) for seed, run in runs.items()} for runs in methods]


def _at(run: LongRun, points: Collection[str]) -> LongRun:
    held, train = (
        {point: losses for point, losses in trajectory.items() if point in points}
        for trajectory in (run.trajectory, run.train_trajectory)
    )
    return replace(run, trajectory=add_drift(held), train_trajectory=train)


def mismatch_cells(
    model: str, method: str, task: str, runs: dict[int, LongRun], retention: list[str]
) -> list[dict]:
    """Losses, drift and, where the suite has them, scores at each point of a method's long runs.

    All are means over the seeds.

    `train_nll` and `val_nll` are those of the teacher's references, whatever the method trains on; `drift` is
    the mean of the runs' own drifts (Section 4.3: held-out NLL minus its minimum so far). Intervals: of the
    losses, normal, with the runs' standard errors taken as wholly correlated, which is their upper bound,
    since all seeds share the references; of the scores over test examples, drawn jointly for all seeds; of
    the drift, over seeds alone. theta_0 is no run, so its cells name no seeds. The cells `val_nll` at the
    minimum of their mean have the note `minimum`.

    Args:
        model, method: the columns of the same names.
        task: target task of the runs.
        runs: seed -> its run.
        retention: benchmarks whose mean is `retention_mean`; none where no score is kept.

    Raises:
        InputError: the seeds differ in their steps, points or evaluated examples, or a retention benchmark
            was not evaluated.
    """
    first = next(iter(runs.values()))
    for seed, run in runs.items():
        if _shape(run) != _shape(first):
            raise InputError(
                f"{method}/{task}/seed{seed}: other steps or checkpoints than the other seeds; run them again"
            )
    rows = []
    for point in first.trajectory:
        common = {"method": method, "train_task": task, "checkpoint": point}
        common["x"] = step_of(point, first.steps)
        measured = _losses(runs, point)
        if point in first.grades:
            measured |= _scores(f"{method}/{task}", runs, point, retention)
        seeds = {"seeds": len(runs)}
        if point == BASE:
            seeds = dict.fromkeys(["seeds", "seeds_low", "seeds_high"])
        rows += [
            cells.cell("mismatch", model, quantity, **common, **entry | seeds)
            for quantity, entry in measured.items()
        ]
    for unit in UNITS:
        lowest = min(cells.select(rows, quantity=f"val_nll.{unit}"), key=lambda cell: cell["value"])
        lowest["note"] = "minimum"
    return rows


def _shape(run: LongRun) -> tuple:
    return run.steps, list(run.trajectory), list(run.train_trajectory), list(run.grades)


def _losses(runs: dict[int, LongRun], point: str) -> dict[str, dict]:
    entries = {}
    for quantity, (trajectory, prefix) in LOSSES.items():
        for unit in UNITS:
            measured = [getattr(run, trajectory)[point] for run in runs.values()]
            values_S = np.array([losses[f"{prefix}{unit}"] for losses in measured])
            stderr = np.mean([losses[f"{unit}_stderr"] for losses in measured])
            bounds = () if prefix else normal_interval(float(values_S.mean()), float(stderr))
            entries[f"{quantity}.{unit}"] = _entry(values_S, *bounds) | {"n": measured[0]["n"]}
    return entries


def _scores(name: str, runs: dict[int, LongRun], point: str, retention: list[str]) -> dict[str, dict]:
    models = {f"{name}/seed{seed}": run.grades[point] for seed, run in runs.items()}
    first = next(iter(models.values()))
    if missing := [benchmark for benchmark in retention if benchmark not in first]:
        raise InputError(f"{name}: no grades of {missing[0]} at {point}; run generate and grade again")
    entries, draws_SD, counts = {}, {}, {}
    for benchmark in [score for score, items in first.items() if score == items.benchmark]:
        graded = {label: model.get(benchmark) for label, model in models.items()}
        if (label := misfit(graded)) is not None:
            raise InputError(
                f"{label}: other examples of {benchmark} at {point} than the other seeds; "
                f"run generate and grade again"
            )
        items = [*graded.values()]
        draws_SD[benchmark], counts[benchmark] = score_draws(items, benchmark), len(items[0].examples)
        bounds = interval(items, draws_SD[benchmark][:, 1:].mean(axis=0))
        entries[benchmark] = _entry(draws_SD[benchmark][:, 0], *bounds) | {"n": items[0].n}
    if not retention:
        return entries
    if len(retention) == 1:
        return entries | {"retention_mean": entries[retention[0]] | {"n": None}}
    kept_SD = np.mean([draws_SD[benchmark] for benchmark in retention], axis=0)
    of_kept = {benchmark: counts[benchmark] for benchmark in retention}
    bounds, _ = combined(kept_SD.mean(axis=0), mean_terms(draws_SD, of_kept))
    return entries | {"retention_mean": _entry(kept_SD[:, 0], *bounds)}


def _entry(values_S: np.ndarray, low: float | None = None, high: float | None = None) -> dict:
    """Columns of a cell: the mean over seeds, its interval over examples, and that over seeds."""
    seeds_low, seeds_high = seed_interval(values_S.tolist()) or (None, None)
    return {
        "value": float(np.mean(values_S)),
        "ci_low": low,
        "ci_high": high,
        "seeds_low": seeds_low,
        "seeds_high": seeds_high,
    }
