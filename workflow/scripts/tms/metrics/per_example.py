"""Graded items of models by example: what scores and their resamples are computed from."""

import hashlib
import json
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tms.answers.grade import LOST
from tms.io import parquet
from tms.metrics.statistics import (
    SHARE,
    Bounds,
    bootstrap_interval,
    few_units,
    has_spread,
    resampled_means,
    score_interval,
    wilson,
)

HALVES = ("validation", "test")
READ = ["checkpoint", "benchmark", "example_id", "grade", "also", "reason", "cluster"]


@dataclass(frozen=True, eq=False)
class PerExample:
    """Items of one score of a model: a benchmark's grades, or those of another metric of its rows.

    Related examples (column `cluster` of prepared rows: the questions on one image, say) count as one here:
    whoever draws one of them draws all, so that they count as no more than they tell (Miller 2024, Adding
    Error Bars to Evals, https://arxiv.org/abs/2411.00640).

    Args:
        benchmark: the benchmark that the rows belong to.
        examples: names of the N examples, or clusters of some, that count for the score, sorted.
        sums_N: sum of each example's items, which are in [0, 1].
        counts_N: number of each example's items; at least one (IFEval has one for each instruction, several
            samples of a prompt one each).
        lost: the benchmark's examples of which the machine has lost a row.
        clusters: the examples of each cluster, by its name.
    """

    benchmark: str
    examples: tuple[str, ...]
    sums_N: np.ndarray
    counts_N: np.ndarray
    lost: frozenset[str] = frozenset()
    clusters: Mapping[str, frozenset[str]] = field(default_factory=dict)

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

    @property
    def clustered(self) -> bool:
        """Whether some of its examples are clusters of several."""
        return any(len(members) > 1 for members in self.clusters.values())

    @property
    def names(self) -> frozenset[str]:
        """Names of the single examples, those of clusters among them."""
        return frozenset().union(*(self.clusters.get(name, {name}) for name in self.examples))

    def members(self, among: frozenset[str]) -> dict[str, frozenset[str]]:
        """The examples of each cluster that are among some, without clusters that have none of them."""
        return {name: own for name, members in self.clusters.items() if (own := members & among)}

    def take(self, kept: list[int]) -> "PerExample":
        """The items of some of the examples, given by their places."""
        examples = tuple(self.examples[index] for index in kept)
        clusters = {name: self.clusters[name] for name in examples if name in self.clusters}
        return PerExample(
            self.benchmark, examples, self.sums_N[kept], self.counts_N[kept], self.lost, clusters
        )

    def of_half(self, half: str) -> "PerExample":
        """The items of the examples of one half."""
        return self.take([i for i, name in enumerate(self.examples) if half_of(self.benchmark, name) == half])


Model = Mapping[str, PerExample]  # items of a model by score: `facts`, `ifeval.prompt_loose`


def half_of(benchmark: str, example: str) -> str:
    """The half of an example or a cluster: `validation` or `test`, by a hash of its name alone."""
    return HALVES[hashlib.sha256(f"{benchmark}\0{example}".encode()).digest()[0] % 2]


def by_example(rows: Iterable[dict]) -> dict[str, PerExample]:
    """Bring a model's graded rows together by score and example.

    `facts` has the benchmark's grades, `ifeval.prompt_loose` the items of another metric. Rows without an
    item of a score do not count for it.

    Args:
        rows: columns `benchmark`, `example_id`, `grade` (or None), `also` (JSON: metric -> items), `reason`,
            and `cluster` where a row has one.
    """
    lost: dict[str, set[str]] = {}
    items: dict[tuple[str, str], dict[str, list[float]]] = {}
    clusters: dict[tuple[str, str], dict[str, set[str]]] = {}
    for row in rows:
        if row["reason"] in LOST:
            lost.setdefault(row["benchmark"], set()).add(row["example_id"])
        grades = [] if row["grade"] is None else [row["grade"]]
        for metric, values in [("", grades), *json.loads(row["also"] or "{}").items()]:
            if values:
                key, example = (row["benchmark"], metric), row["example_id"]
                if row.get("cluster"):
                    example = f"cluster {row['cluster']}"
                    members = clusters.setdefault(key, {}).setdefault(example, set())
                    members.add(row["example_id"])
                items.setdefault(key, {}).setdefault(example, []).extend(values)
    return {
        ".".join(filter(None, key)): PerExample(
            key[0],
            names := tuple(sorted(examples)),
            np.array([sum(examples[name]) for name in names], dtype=float),
            np.array([len(examples[name]) for name in names], dtype=float),
            frozenset(lost.get(key[0], ())),
            {name: frozenset(members) for name, members in clusters.get(key, {}).items()},
        )
        for key, examples in items.items()
    }


def read_checkpoints(
    path: Path, benchmarks: Collection[str] | None = None
) -> dict[str, dict[str, PerExample]]:
    """Read the items of some benchmarks, or of all, by checkpoint ("" in a file of one model)."""
    rows: dict[str, list[dict]] = {}
    for row in parquet.read(path, READ):
        if benchmarks is None or row["benchmark"] in benchmarks:
            rows.setdefault(row["checkpoint"], []).append(row)
    return {checkpoint: by_example(of_checkpoint) for checkpoint, of_checkpoint in rows.items()}


def read_per_example(path: Path, benchmarks: Collection[str] | None = None) -> dict[str, PerExample]:
    """Read a model's items of some benchmarks, or of all, by score."""
    return read_checkpoints(path, benchmarks).get("", {})


def misfit(models: Mapping[Hashable, PerExample | None]) -> Hashable | None:
    """The first model that was graded on other examples than the first of all; None where there is none.

    A model may lack examples of which the machine has lost a row: they do not count for it. The same examples
    in other clusters are other ones: their resamples would not be joint.
    """
    first = next(iter(models.values()))
    for key, items in models.items():
        if first is None or items is None:
            return key
        if (items.examples, items.clusters) != (first.examples, first.clusters):
            shared = items.names & first.names
            if items.members(shared) != first.members(shared):
                return key
            if not items.names ^ first.names <= items.lost | first.lost:
                return key
    return None


def score_draws(models: Sequence[PerExample], stream: str) -> np.ndarray:
    """A score of M models as measured, then on R joint resamples of their examples: shape (M, 1 + R).

    An example that is drawn brings the items of each model; a model without any in a resample has NaN there.
    Clusters are often few: their resamples lie as much further away as `few_units` says, beyond [0, 1] too.

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
    scores_M1 = np.array([[model.score] for model in models])
    if any(model.clustered for model in models):
        sums_MR = scores_M1 + few_units(len(examples)) * (sums_MR - scores_M1)
    return np.concatenate([scores_M1, sums_MR], axis=1)


def interval(runs: Sequence[PerExample], draws_R: np.ndarray | None = None) -> Bounds:
    """Bounds of the 95 % interval over examples of a score's mean over one or more runs.

    Wilson's for grades of 0 and 1, else the bootstrap's: `statistics.score_interval`. Wilson's is at the
    effective number of examples: of clusters, as many as would leave the mean the variance of its resamples.

    Args:
        runs: items of each run.
        draws_R: the mean on resampled examples, where it is known already.
    """
    if all(run.binary and run.examples == runs[0].examples for run in runs):
        return score_interval(np.stack([run.sums_N for run in runs]))
    if draws_R is None:
        draws_R = score_draws(runs, runs[0].benchmark)[:, 1:].mean(axis=0)
    drawn_R, n = draws_R[~np.isnan(draws_R)], min(len(run.examples) for run in runs)
    if any(run.clustered for run in runs):
        if all((run.sums_N % 1 == 0).all() for run in runs):
            mean, most = float(np.mean([run.score for run in runs])), sum(run.n for run in runs)
            effective = min(mean * (1 - mean) / drawn_R.var(), most) if has_spread(drawn_R) else n
            return wilson(mean * effective, effective)
        drawn_R = np.clip(drawn_R, *SHARE)
    return bootstrap_interval(drawn_R, n)
