"""What is measured of a method: quantities of its runs with their intervals, and how two methods differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tms.config.suite import Suite
from tms.metrics.paired_tests import bootstrap_p, mcnemar_p
from tms.metrics.per_example import PerExample
from tms.metrics.scores import Number, Run, mean_floor, over_runs, own_cells, quantities, run_of
from tms.metrics.statistics import joint_interval, percentiles, seed_interval

Scores = Mapping[str, PerExample]  # items of a model by score (`items.read_per_example`)
Bounds = tuple[float, float] | None


@dataclass(frozen=True)
class Summary:
    """Quantities of a method: over its runs, or over those on one task.

    Args:
        values: each quantity as measured; None where there is none (transfer with a single target).
        drawn: each quantity on the R joint resamples of the examples.
        by_seed: each quantity of the runs with one seed.
        items: of each quantity that is a plain score, the items of the runs behind it.
        floor: mean forgetting that chance alone would give, by quantity.
    """

    values: dict[str, float | None]
    drawn: dict[str, np.ndarray | None]
    by_seed: dict[int, dict[str, float | None]]
    items: dict[str, list[PerExample]]
    floor: dict[str, float | None]

    def interval(self, quantity: str) -> Bounds:
        """95 % interval over test examples: Wilson's for scores of 0 and 1, else the joint bootstrap's."""
        if self.values[quantity] is None:
            return None
        items = self.items.get(quantity, [])
        if items and all(own.binary for own in items):
            return joint_interval([own.sums_N for own in items])
        return percentiles(self.drawn[quantity])

    def seeds_interval(self, quantity: str) -> Bounds:
        """95 % interval over seeds."""
        return _over_seeds([found[quantity] for found in self.by_seed.values()])

    def grades(self, quantity: str) -> np.ndarray | None:
        """Grades of 0 and 1 behind a quantity, if it is the score of a single run."""
        items = self.items.get(quantity, [])
        return items[0].sums_N if len(items) == 1 and items[0].binary else None


@dataclass(frozen=True)
class Difference:
    """A method's quantity minus another's: value, 95 % intervals and the p-value of the paired test."""

    value: float
    interval: Bounds
    seeds_interval: Bounds
    p_value: float


def measure(
    runs: Mapping[Run, Scores],
    base: Scores,
    resampled: Mapping[str, Mapping[Run | None, np.ndarray]],
    suite: Suite,
    task: str = "",
) -> Summary:
    """Measure a method.

    Args:
        runs: items of each of its runs.
        base: items of theta_0, of the scores to measure.
        resampled: for each score the R resamples of each run, and of theta_0 under None.
        suite: the benchmarks and their parts.
        task: of the runs on this task alone; "" for all.
    """
    chosen = {run: scores for run, scores in runs.items() if task in ("", run[0])}
    cells = _cells(chosen, lambda run, name: (base if run is None else chosen[run])[name].score, base, suite)
    drawn = _cells(chosen, lambda run, name: resampled[name][run], base, suite)
    seeds = sorted({seed for _, seed in chosen})
    items = {}
    for name in base:
        found = [chosen[run_of(cell)][name] for cell in own_cells(cells, name)]
        # theta_0 stands for a run on each task, with the same items.
        items[name] = list({id(own): own for own in found}.values())
    return Summary(
        values=_quantities(cells, base, suite),
        drawn=_quantities(drawn, base, suite),
        by_seed={
            seed: _quantities([cell for cell in cells if cell["seed"] == seed], base, suite) for seed in seeds
        },
        items=items,
        floor={
            "forgetting_floor": mean_floor(cells, ["retention"]),
            **({"forgetting_floor_ext": mean_floor(cells, ["retention", "safety"])} if suite.safety else {}),
        },
    )


def difference(first: Summary, second: Summary, quantity: str) -> Difference | None:
    """How much a method's quantity exceeds another's; None where one of them has none.

    The test is McNemar's between single runs with grades of 0 and 1, else the paired bootstrap's with all
    seeds of a method kept together. Seeds are compared in pairs (theta_0 with each).
    """
    if first.values[quantity] is None or second.values[quantity] is None:
        return None
    drawn_R = first.drawn[quantity] - second.drawn[quantity]
    grades = first.grades(quantity), second.grades(quantity)
    single = grades[0] is not None and grades[1] is not None
    return Difference(
        first.values[quantity] - second.values[quantity],
        percentiles(drawn_R),
        _over_seeds(
            [
                found[quantity] - second.by_seed.get(seed, second.values)[quantity]
                for seed, found in first.by_seed.items()
            ]
        ),
        mcnemar_p(*grades) if single else bootstrap_p(drawn_R),
    )


def _over_seeds(values: list[float | None]) -> Bounds:
    return None if None in values else seed_interval(values)


def _cells(
    runs: Mapping[Run, Scores], score: Callable[[Run | None, str], Number], base: Scores, suite: Suite
) -> list[dict]:
    """Tidy rows as `scores.quantities` reads them; other metrics of a benchmark have a group of their own."""
    found = []
    for run, scores in runs.items():
        for name, items in base.items():
            group = suite.group(items.benchmark, run[0])
            found.append(
                {
                    "train_task": run[0],
                    "seed": run[1],
                    "benchmark": name,
                    "group": group if name == items.benchmark or group == "transfer" else "also",
                    "score": score(run, name),
                    "base_score": score(None, name),
                    "delta": score(run, name) - score(None, name),
                    "n": scores[name].n,
                }
            )
    return found


def _quantities(cells: list[dict], base: Scores, suite: Suite) -> dict[str, Number | None]:
    headline = [cell for cell in cells if cell["benchmark"] in suite.benchmarks]
    found = quantities(headline, suite)
    for name in base:
        if name not in found:
            found[name] = over_runs({run_of(cell): cell["score"] for cell in own_cells(cells, name)})
    return found
