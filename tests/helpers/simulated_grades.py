"""Grades of made-up models whose true accuracies are known."""

from collections.abc import Mapping

import numpy as np
from scipy.stats import norm

from tms.config.suite import Suite
from tms.metrics.flags import Run
from tms.metrics.per_example import Model, PerExample

SUITE = Suite(["chain"], ["facts", "lookup"])
BASE = (-0.5, 0.8, 0.8)  # ability of theta_0 on each benchmark, in deviations of an example's difficulty
# An ability buys target accuracy with retention, as a training run does; the last point is dominated.
TRADE = [(-0.3, 0.75, 0.75), (0.0, 0.6, 0.6), (0.3, 0.4, 0.4), (0.5, 0.2, 0.2), (0.6, 0, 0), (0.3, 0.3, 0.3)]


def items(benchmark: str, grades: Mapping[str, float]) -> PerExample:
    """A model's items of a benchmark from the grade of each example."""
    names = tuple(sorted(grades))
    return PerExample(benchmark, names, np.array([grades[n] for n in names], float), np.ones(len(names)))


def grades(
    rng: np.random.Generator, models: list[tuple[float, ...]], n: int, seeds: int = 1
) -> list[dict[Run, Model]]:
    """Grades of runs of each model: right where ability + ease of the example + noise is above 0."""
    found = [{("chain", seed): {} for seed in range(seeds)} for _ in models]
    for place, benchmark in enumerate([*SUITE.targets, *SUITE.retention]):
        ease_N = rng.normal(size=n)
        for runs, abilities in zip(found, models, strict=True):
            for own in runs.values():
                right_N = abilities[place] + ease_N + rng.normal(size=n) > 0
                own[benchmark] = items(benchmark, {f"{benchmark}-{i}": x for i, x in enumerate(right_N)})
    return found


def world(rng, sft, tms, n, seeds=1) -> tuple[Model, dict]:
    """theta_0 and a point for each model of both sides, with methods sft0, sft1, ..., tms0, ..."""
    base, *runs = grades(rng, [BASE, *sft, *tms], n, seeds)
    names = [f"sft{i}" for i in range(len(sft))] + [f"tms{i}" for i in range(len(tms))]
    return base["chain", 0], {(name, ""): own for name, own in zip(names, runs, strict=True)}


def true_plane(models: list[tuple[float, ...]]) -> np.ndarray:
    """True target accuracy and forgetting of theta_0 and the models: shape (2, 1 + models)."""
    share = norm.cdf(np.array([BASE, *models]) / np.sqrt(2))
    return np.stack([share[:, 0], np.minimum(share[:, 1:] - share[0, 1:], 0).mean(axis=1)])
