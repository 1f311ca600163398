"""Trained models in the plane of target accuracy and forgetting, with joint resamples (RQ2, RQ9)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tms.config.suite import Suite
from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics.scores import Run, forgetting, mean
from tms.metrics.statistics import resampled_means

Grades = dict[str, dict[str, float]]  # benchmark -> example_id -> grade
Runs = Mapping[Run, Grades]
Point = tuple[str, str]  # method and checkpoint; "" is the end of its runs
HALVES = ("validation", "test")


@dataclass(frozen=True)
class Points:
    """Points of points; axes: P points (theta_0 first), S seeds, D draws (first what was measured).

    Each value of a seed is the mean over the target tasks' runs, so the mean over S is that over all runs.

    Args:
        target_PSD: score of the runs on the task that they were trained on.
        forgetting_PSD: mean over the runs of F <= 0 (Eq. 3.2).
        retention_PSD: mean over the runs of the mean score of the retention benchmarks.
        n_target: examples of the target benchmarks.
        n_retention: examples of the retention benchmarks.
    """

    target_PSD: np.ndarray
    forgetting_PSD: np.ndarray
    retention_PSD: np.ndarray
    n_target: int
    n_retention: int

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return self.target_PSD.shape[1]

    def plane(self, members: list[int]) -> np.ndarray:
        """Target and forgetting of some points over all runs: shape (2, members, D)."""
        return np.stack([self.target_PSD[members].mean(axis=1), self.forgetting_PSD[members].mean(axis=1)])

    def plane_of_seeds(self, members: list[int]) -> np.ndarray:
        """Target and forgetting of some points as measured, seed by seed: shape (2, members, S)."""
        return np.stack([self.target_PSD[members, :, 0], self.forgetting_PSD[members, :, 0]])


def half(benchmark: str, example: str) -> str:
    """The half that an example belongs to: `validation` or `test`, by a hash of its name alone."""
    return HALVES[hashlib.sha256(f"{benchmark}\0{example}".encode()).digest()[0] % 2]


def read_checkpoints(path: Path, benchmarks: Iterable[str]) -> dict[str, Grades]:
    """Read the grades of each checkpoint in a file, without other benchmarks and rows that do not count."""
    wanted, found = set(benchmarks), {}
    for row in parquet.read(path, ["checkpoint", "benchmark", "example_id", "grade"]):
        if row["benchmark"] in wanted and row["grade"] is not None:
            grades = found.setdefault(row["checkpoint"], {}).setdefault(row["benchmark"], {})
            grades[row["example_id"]] = row["grade"]
    return found


def coordinates(base: Grades, points: Mapping[Point, Runs], suite: Suite, part: str = "") -> Points:
    """Points of theta_0 and of every point, as measured and on joint resamples of the examples.

    An example that is drawn brings the grade of theta_0 and of each run of each point, so differences
    between points are paired and seeds that agree narrow nothing; benchmarks and halves are drawn apart.

    Args:
        base: grades of theta_0.
        points: grades of each run of each point; all have one run for each target task and seed.
        suite: its targets and its retention benchmarks are read.
        part: the half of the examples that counts (`HALVES`); "" for all.

    Raises:
        InputError: a point lacks a run, a run was graded on other examples than theta_0, or a benchmark has
            no example in the half.
    """
    seeds = sorted({seed for runs in points.values() for _, seed in runs})
    _check_runs(points, [(task, seed) for task in suite.targets for seed in seeds])
    targets, kept, sizes = [], [], {}
    for benchmark in [*suite.targets, *suite.retention]:
        # The score on a target comes from the runs on it; all runs have the retention benchmarks.
        tasks = [benchmark] if benchmark in suite.targets else suite.targets
        examples = [name for name in sorted(base.get(benchmark, {})) if part in ("", half(benchmark, name))]
        if not examples:
            raise InputError(
                f"benchmark {benchmark}: theta_0 has no graded example in the {part} part; "
                f"evaluate more of them (tasks.{benchmark}.limit)"
            )
        scores = [_scores(base, benchmark, examples, base, "theta_0")]
        for (method, checkpoint), runs in points.items():
            for task in tasks:
                for seed in seeds:
                    label = "/".join(filter(None, (method, task, f"seed{seed}", checkpoint)))
                    scores.append(_scores(runs[task, seed], benchmark, examples, base, label))
        scores_MN = np.array(scores)
        resampled_MR = resampled_means(scores_MN, f"{benchmark}/{part}")
        means_MD = np.concatenate([scores_MN.mean(axis=1, keepdims=True), resampled_MR], axis=1)
        shape = (len(points), len(tasks), len(seeds), means_MD.shape[1])
        of_base = np.broadcast_to(means_MD[0], (1, *shape[1:]))
        means_PKSD = np.concatenate([of_base, means_MD[1:].reshape(shape)])
        (targets if benchmark in suite.targets else kept).append(means_PKSD)
        sizes[benchmark] = len(examples)
    return Points(
        target_PSD=mean(targets).mean(axis=1),
        forgetting_PSD=forgetting([means_PKSD - means_PKSD[0] for means_PKSD in kept]).mean(axis=1),
        retention_PSD=mean(kept).mean(axis=1),
        n_target=sum(sizes[name] for name in suite.targets),
        n_retention=sum(sizes[name] for name in suite.retention),
    )


def _scores(grades: Grades, benchmark: str, examples: list[str], base: Grades, label: str) -> list[float]:
    own = grades.get(benchmark, {})
    if own.keys() != base[benchmark].keys():
        raise InputError(
            f"grades of {label}: other examples of {benchmark} than theta_0 was graded on; "
            f"run generate and grade again for both"
        )
    return [own[example] for example in examples]


def _check_runs(points: Mapping[Point, Runs], wanted: list[Run]) -> None:
    for (method, checkpoint), runs in points.items():
        for task, seed in wanted:
            if (task, seed) not in runs:
                where = f"checkpoint {checkpoint}" if checkpoint else "the end"
                raise InputError(f"--grades: {method} has no run {task}/seed{seed} at {where}; name each")
