"""Graded items of models, aligned by example: what scores and their resamples are computed from."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics.statistics import resampled_means


@dataclass(frozen=True, eq=False)
class PerExample:
    """PerExample of one score: a benchmark's grades, or those of another metric of its rows.

    Args:
        benchmark: the benchmark that the rows belong to.
        examples: names of the N examples that count for the score, sorted.
        sums_N: sum of each example's items, which are in [0, 1].
        counts_N: number of each example's items; at least one (IFEval has one for each instruction).
    """

    benchmark: str
    examples: tuple[str, ...]
    sums_N: np.ndarray
    counts_N: np.ndarray

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


def read_per_example(path: Path, benchmarks: Collection[str]) -> dict[str, PerExample]:
    """Read the items of some benchmarks: `facts` has its grades, `ifeval.prompt_loose` another metric's.

    Rows without an item of a score do not count for it.
    """
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in parquet.read(path, ["benchmark", "example_id", "grade", "also"]):
        if row["benchmark"] not in benchmarks:
            continue
        if row["grade"] is not None:
            found.setdefault((row["benchmark"], ""), {})[row["example_id"]] = [row["grade"]]
        for metric, items in json.loads(row["also"]).items():
            if items:
                found.setdefault((row["benchmark"], metric), {})[row["example_id"]] = items
    return {
        ".".join(filter(None, key)): PerExample(
            key[0],
            examples := tuple(sorted(by_example)),
            np.array([sum(by_example[name]) for name in examples], dtype=float),
            np.array([len(by_example[name]) for name in examples], dtype=float),
        )
        for key, by_example in found.items()
    }


def resampled_scores(name: str, models: Mapping[str, Mapping[str, PerExample]]) -> dict[str, np.ndarray]:
    """A score of several models under the same bootstrap resamples of their examples.

    All scores of a benchmark share its resamples; those of benchmarks are independent of each other.

    Args:
        name: the score, as `read_per_example` names it.
        models: items of each model by score; the base comes first. Keys name the models in messages.

    Returns:
        For each model an array of `statistics.RESAMPLES` scores.

    Raises:
        InputError: a model's grades on a benchmark are of other examples than the first model's. (Other
            metrics may have no item where a judge gave none.)
    """
    found = {model: scores.get(name) for model, scores in models.items()}
    first = next(iter(found.values()))
    for model, items in found.items():
        if first is None or items is None or (name == first.benchmark and items.examples != first.examples):
            raise InputError(
                f"grades of {model}: other examples of {name} than the base was graded on; "
                "run generate and grade again for both"
            )
    examples = sorted(set().union(*(items.examples for items in found.values())))
    sums_MN, counts_MN = np.stack([_of_examples(items, examples) for items in found.values()], axis=1)
    sums_MR = resampled_means(sums_MN, first.benchmark)
    if (counts_MN != 1).any():
        sums_MR = sums_MR / resampled_means(counts_MN, first.benchmark)
    return dict(zip(found, sums_MR, strict=True))


def _of_examples(items: PerExample, examples: list[str]) -> np.ndarray:
    """Sum and number of the items of some examples: shape (2, examples)."""
    place = {name: index for index, name in enumerate(examples)}
    found = np.zeros((2, len(examples)))
    found[:, [place[name] for name in items.examples]] = items.sums_N, items.counts_N
    return found
