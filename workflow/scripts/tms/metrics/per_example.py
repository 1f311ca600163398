"""Graded items of models by example: what scores and their resamples are computed from."""

import hashlib
import json
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tms.answers.grade import LOST
from tms.io import parquet
from tms.metrics.statistics import Bounds, bootstrap_interval, resampled_means, score_interval

HALVES = ("validation", "test")


@dataclass(frozen=True, eq=False)
class PerExample:
    """Items of one score of a model: a benchmark's grades, or those of another metric of its rows.

    Args:
        benchmark: the benchmark that the rows belong to.
        examples: names of the N examples that count for the score, sorted.
        sums_N: sum of each example's items, which are in [0, 1].
        counts_N: number of each example's items; at least one (IFEval has one for each instruction, several
            samples of a prompt one each).
        lost: the benchmark's examples of which the machine has lost a row.
    """

    benchmark: str
    examples: tuple[str, ...]
    sums_N: np.ndarray
    counts_N: np.ndarray
    lost: frozenset[str] = frozenset()

    @property
    def score(self) -> float:
        """Mean over all items."""
        return float(self.sums_N.sum() / self.counts_N.sum())

    @property
    def n(self) -> int:
        """Number of items."""
        return int(self.counts_N.sum())

    @property
    def binary(self) -> bool:
        """Whether each example has one item of 0 or 1."""
        return bool((self.counts_N == 1).all() and np.isin(self.sums_N, (0, 1)).all())

    def take(self, kept: list[int]) -> "PerExample":
        """The items of some of the examples, given by their places."""
        examples = tuple(self.examples[index] for index in kept)
        return PerExample(self.benchmark, examples, self.sums_N[kept], self.counts_N[kept], self.lost)

    def of_half(self, half: str) -> "PerExample":
        """The items of the examples of one half."""
        return self.take([i for i, name in enumerate(self.examples) if half_of(self.benchmark, name) == half])


Model = Mapping[str, PerExample]  # items of a model by score: `facts`, `ifeval.prompt_loose`


def half_of(benchmark: str, example: str) -> str:
    """The half that an example belongs to: `validation` or `test`, by a hash of its name alone."""
    return HALVES[hashlib.sha256(f"{benchmark}\0{example}".encode()).digest()[0] % 2]


def by_example(rows: Iterable[dict]) -> dict[str, PerExample]:
    """Bring a model's graded rows together by score and example.

    `facts` has the benchmark's grades, `ifeval.prompt_loose` the items of another metric. Rows without an
    item of a score do not count for it.

    Args:
        rows: columns `benchmark`, `example_id`, `grade` (or None), `also` (JSON: metric -> items), `reason`.
    """
    lost: dict[str, set[str]] = {}
    items: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in rows:
        if row["reason"] in LOST:
            lost.setdefault(row["benchmark"], set()).add(row["example_id"])
        grades = [] if row["grade"] is None else [row["grade"]]
        for metric, values in [("", grades), *json.loads(row["also"] or "{}").items()]:
            if values:
                examples = items.setdefault((row["benchmark"], metric), {})
                examples.setdefault(row["example_id"], []).extend(values)
    return {
        ".".join(filter(None, key)): PerExample(
            key[0],
            names := tuple(sorted(examples)),
            np.array([sum(examples[name]) for name in names], dtype=float),
            np.array([len(examples[name]) for name in names], dtype=float),
            frozenset(lost.get(key[0], ())),
        )
        for key, examples in items.items()
    }


def read_checkpoints(
    path: Path, benchmarks: Collection[str] | None = None
) -> dict[str, dict[str, PerExample]]:
    """Read the items of some benchmarks, or of all, by checkpoint ("" in a file of one model)."""
    rows: dict[str, list[dict]] = {}
    for row in parquet.read(path, ["checkpoint", "benchmark", "example_id", "grade", "also", "reason"]):
        if benchmarks is None or row["benchmark"] in benchmarks:
            rows.setdefault(row["checkpoint"], []).append(row)
    return {checkpoint: by_example(of_checkpoint) for checkpoint, of_checkpoint in rows.items()}


def read_per_example(path: Path, benchmarks: Collection[str] | None = None) -> dict[str, PerExample]:
    """Read a model's items of some benchmarks, or of all, by score."""
    return read_checkpoints(path, benchmarks).get("", {})


def misfit(models: Mapping[Hashable, PerExample | None]) -> Hashable | None:
    """The first model that was graded on other examples than the first of all; None where there is none.

    A model may lack examples of which the machine has lost a row: they do not count for it.
    """
    first = next(iter(models.values()))
    for key, items in models.items():
        if first is None or items is None:
            return key
        if items.examples != first.examples:
            if not set(items.examples) ^ set(first.examples) <= items.lost | first.lost:
                return key
    return None


def score_draws(models: Sequence[PerExample], stream: str) -> np.ndarray:
    """A score of M models as measured, then on R joint resamples of their examples: shape (M, 1 + R).

    An example that is drawn brings the items of each model; a model without any in a resample has NaN there.

    Args:
        models: items of each model; where one lacks an example, it does not count for that model.
        stream: resamples of different names are independent.
    """
    examples = models[0].examples
    if any(model.examples != examples for model in models):
        examples = tuple(sorted(set().union(*(model.examples for model in models))))
    place = {name: index for index, name in enumerate(examples)}
    items_2MN = np.zeros((2, len(models), len(examples)))
    for index, model in enumerate(models):
        items_2MN[:, index, [place[name] for name in model.examples]] = model.sums_N, model.counts_N
    sums_MR, counts_MN = resampled_means(items_2MN[0], stream), items_2MN[1]
    if (counts_MN != 1).any():
        counts_MR = resampled_means(counts_MN, stream)
        sums_MR = np.divide(sums_MR, counts_MR, out=np.full_like(sums_MR, np.nan), where=counts_MR > 0)
    return np.concatenate([[[model.score] for model in models], sums_MR], axis=1)


def interval(runs: Sequence[PerExample], draws_R: np.ndarray | None = None) -> Bounds:
    """Bounds of the 95 % interval over examples of a score's mean over one or more runs.

    Wilson's for grades of 0 and 1, else the bootstrap's: `statistics.score_interval`.

    Args:
        runs: items of each run.
        draws_R: the mean on resampled examples, where it is known already.
    """
    if all(run.binary and run.examples == runs[0].examples for run in runs):
        return score_interval(np.stack([run.sums_N for run in runs]))
    if draws_R is None:
        draws_R = score_draws(runs, runs[0].benchmark)[:, 1:].mean(axis=0)
    return bootstrap_interval(draws_R[~np.isnan(draws_R)], min(len(run.examples) for run in runs))
