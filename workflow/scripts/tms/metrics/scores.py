"""Scores of runs beside the base's: scores.json, its tidy rows, and forgetting (Section 3)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tms.config.suite import Suite
from tms.io import json_file
from tms.io.errors import InputError
from tms.metrics.flags import Run

TIDY_DECIMALS = 6
TABLE_DECIMALS = 4
TIDY = [
    "model",
    "method",
    "train_task",
    "seed",
    "benchmark",
    "group",  # target | transfer | retention | safety | reported; also: another metric of the same rows
    "metric",
    "score",
    "n",
    "ci_low",
    "ci_high",
    "base_score",
    "delta",
    "contamination",  # what training and benchmark share, where the config accepts it (contamination.json)
]


def read_scores(path: Path, benchmarks: list[str]) -> dict[str, dict]:
    """Read a scores.json for the given benchmarks.

    Raises:
        InputError: the file is missing or broken, or lacks a benchmark.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; make it with snakemake, or correct the name of the run")
    remedy = "delete it and run grade again"
    scores = json_file.read(path, "score file", remedy)
    for benchmark in benchmarks:
        if benchmark not in scores:
            raise InputError(f"{path}: no score of {benchmark} (it has {', '.join(scores)}); run grade again")
        if not isinstance(scores[benchmark], dict):
            raise InputError(f"{path}: not a readable score file (no object of {benchmark}); {remedy}")
    return {benchmark: scores[benchmark] for benchmark in benchmarks}


def forgetting(deltas: np.ndarray) -> np.ndarray:
    """Forgetting score F <= 0 of runs: mean over the retention suite of min(delta, 0) (Eq. 3.2).

    Args:
        deltas: change of the score on each retention benchmark (first axis).
    """
    return np.minimum(deltas, 0.0).mean(axis=0)


def forgetting_floor(scores: np.ndarray, base: np.ndarray, n: np.ndarray) -> np.ndarray:
    """F that chance alone would give on average, were nothing forgotten.

    min(delta, 0) of a normal delta around 0 has the mean -SE / sqrt(2 pi). The standard error takes each
    score's variance as s(1 - s)/n (exact for scores of 0 and 1, an upper bound otherwise) and the two models'
    answers as independent, so the floor is on the far side.

    Args:
        scores, base: score of a run and of theta_0 on each retention benchmark (first axis).
        n: number of items of each.
    """
    return -np.sqrt((scores * (1 - scores) + base * (1 - base)) / n / (2 * np.pi)).mean(axis=0)


def tidy(
    model: str,
    method: str,
    base: Mapping[str, dict],
    runs: Mapping[Run, Mapping[str, dict]],
    suite: Suite,
) -> list[dict]:
    """One row for each run and benchmark, with the columns `TIDY` (numbers not rounded).

    Args:
        base: scores of the base model by benchmark, as in scores.json.
        runs: scores of each run by benchmark.
        suite: the benchmarks and their parts.
    """
    return [
        _tidy_row(
            model, method, run, benchmark, suite.group(benchmark, run[0]), scores[benchmark], base[benchmark]
        )
        for run, scores in runs.items()
        for benchmark in suite.benchmarks
    ]


def tidy_also(
    model: str, method: str, base: Mapping[str, dict], runs: Mapping[Run, Mapping[str, dict]], suite: Suite
) -> list[dict]:
    """Rows as `tidy` gives them for the other metrics of a benchmark's rows, with the group `also`.

    E.g. HotpotQA's exact match beside F1, IFEval by instruction, over-refusal beside attack success. They are
    in no column and no average of the table.

    Args: as for `tidy`.
    """
    return [
        _tidy_row(
            model,
            method,
            run,
            benchmark,
            "also",
            scored | {"metric": metric},
            base[benchmark]["also"][metric],
        )
        for run, scores in runs.items()
        for benchmark in suite.benchmarks
        for metric, scored in scores[benchmark].get("also", {}).items()
    ]


def _tidy_row(
    model: str, method: str, run: Run, benchmark: str, group: str, scored: Mapping, before: Mapping
) -> dict:
    return {
        "model": model,
        "method": method,
        "train_task": run[0],
        "seed": run[1],
        "benchmark": benchmark,
        "group": group,
        **{name: scored[name] for name in ("metric", "score", "n", "ci_low", "ci_high")},
        "base_score": before["score"],
        "delta": scored["score"] - before["score"],
    }
