"""Cells of the learning curves: the loss while a method's runs train, and scores at their checkpoints."""

from collections.abc import Mapping, Sequence

import numpy as np

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.metrics.flags import Run
from tms.metrics.per_example import Model
from tms.metrics.statistics import seed_interval
from tms.metrics.summary import summarise

LOSS = "along.loss"  # of training, in an experiment that compares methods
SCORES = {"along.target_mean": "target_mean", "along.retention_mean": "retention_mean"}  # in the frontier's
STRETCHES = 40  # of a run, each of which has its mean loss
METHODS = ("sft", "tms")


def loss_cells(health: Mapping[Run, dict], tasks: Sequence[str]) -> list[dict]:
    """Training loss (nats a token) of a method's runs by the share of the run that is done (column `x`).

    Means over a stretch of steps, over the runs of a seed and over the seeds; of the runs on each task and of
    all. Steps without a target with loss have none, so they are left out.

    Args:
        health: contents of health.json of each run.
        tasks: target tasks.
    """
    rows = []
    for task in ["", *tasks]:
        runs = {
            run: facts["losses"] for run, facts in health.items() if task in ("", run[0]) and facts["losses"]
        }
        if not runs:
            continue
        number = min(STRETCHES, *map(len, runs.values()))
        seeds = sorted({seed for _, seed in runs})
        losses_SX = np.array(
            [
                np.mean(
                    [_stretches(losses, number) for run, losses in runs.items() if run[1] == seed], axis=0
                )
                for seed in seeds
            ]
        )
        for place, losses_S in enumerate(losses_SX.T):
            low, high = seed_interval(losses_S.tolist()) or (None, None)
            rows.append(
                {"quantity": LOSS, "train_task": task, "x": (place + 1) / number}
                | {"value": float(losses_S.mean()), "seeds_low": low, "seeds_high": high, "seeds": len(seeds)}
            )
    return rows


def _stretches(losses: Sequence[float], number: int) -> list[float]:
    return [float(np.mean(part)) for part in np.array_split(losses, number)]


def score_cells(
    model: str, base: Model, points: Mapping[tuple[str, str], Mapping[Run, Model]], suite: Suite
) -> list[dict]:
    """Target and retention of SFT and TMS at each of their own checkpoints that was graded, on all of test.

    Args:
        model: its name.
        base: items of theta_0.
        points: items of each run by method and checkpoint; "" is the end of the runs.
        suite: the benchmarks and their parts.
    """
    chosen = {point: runs for point, runs in points.items() if point[0] in METHODS and point[1]}
    summaries = summarise(base, chosen, suite, transfer=False)[""] if chosen else {}
    return [
        cell(
            "frontier",
            model,
            quantity,
            method=method,
            checkpoint=checkpoint,
            **summaries[method, checkpoint].estimate(name).columns(),
            **summaries[method, checkpoint].sizes(name),
        )
        for method, checkpoint in chosen
        for quantity, name in SCORES.items()
        if summaries[method, checkpoint].draws_SD.get(name) is not None
    ]
