"""Intervals of sums over benchmarks, some of which may have no spread: what no example of theirs shows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tms.metrics.paired_tests import bootstrap_p
from tms.metrics.scores import forgetting
from tms.metrics.statistics import Bounds, has_spread, percentiles, unseen_changes


class Term(NamedTuple):
    """The addend of one benchmark in a quantity that is a sum over benchmarks, e.g. a mean.

    Args:
        benchmark: its name.
        draws_D: as measured, then on joint resamples of the examples.
        n: number of examples.
        limits: smallest and largest value that it can have.
        imagined_2R: of a term without spread, the resamples as if one more example were lost and one gained,
            and the same with these two exchanged; None of a term with spread.
    """

    benchmark: str
    draws_D: np.ndarray
    n: int
    limits: Bounds
    imagined_2R: np.ndarray | None = None

    @classmethod
    def of(cls, benchmark: str, draws_D: np.ndarray, n: int, limits: Bounds) -> "Term":
        """A term of which nothing but its draws is known."""
        drawn_R, (low, high) = draws_D[1:], limits
        if has_spread(drawn_R):
            return cls(benchmark, draws_D, n, limits)
        share_2R = unseen_changes(n, len(drawn_R), benchmark)
        return cls(benchmark, draws_D, n, limits, _changed(drawn_R, share_2R, drawn_R - low, high - drawn_R))

    @classmethod
    def known(cls, benchmark: str, draws_D: np.ndarray, n: int) -> "Term":
        """A term that is what it is by definition, as theta_0's change."""
        return cls(benchmark, draws_D, n, (0.0, 0.0), np.stack([draws_D[1:]] * 2))

    def minus(self, other: "Term") -> "Term":
        """The benchmark's term of the difference of two models on the same examples."""
        limits = self.limits[0] - other.limits[1], self.limits[1] - other.limits[0]
        drawn = Term.of(self.benchmark, self.draws_D - other.draws_D, min(self.n, other.n), limits)
        if self.imagined_2R is None or other.imagined_2R is None:
            return drawn
        return drawn._replace(imagined_2R=self.imagined_2R - other.imagined_2R[::-1])


def _changed(
    drawn_R: np.ndarray, share_2R: np.ndarray, below_R: np.ndarray, above_R: np.ndarray
) -> np.ndarray:
    """Draws with a share of examples changed for the worse or the better, by as much as there is room."""
    return drawn_R + np.where(share_2R < 0, share_2R * below_R, share_2R * above_R)


def mean_terms(draws_SD: Mapping[str, np.ndarray], n: Mapping[str, int]) -> list[Term]:
    """Terms of the mean of some benchmarks' scores, one a benchmark.

    Args:
        draws_SD: scores of benchmarks for S seeds in D draws.
        n: number of examples of each benchmark of the mean.
    """
    weight = 1 / len(n)
    return [Term.of(name, weight * draws_SD[name].mean(axis=0), n[name], (0.0, weight)) for name in n]


def transfer_terms(
    names: Mapping[str, Sequence[str]], changes: Mapping[str, np.ndarray], n: Mapping[str, int]
) -> list[Term]:
    """Terms of transfer, one a benchmark: means over a run's benchmarks, then over the tasks of the runs.

    Args:
        names: benchmarks of transfer for the runs on each task.
        changes: their changes from theta_0's score, of shape (benchmarks, seeds, D).
        n: number of examples of each benchmark.
    """
    adds: dict[str, list[np.ndarray]] = {}
    reach: dict[str, float] = {}
    for task, own in names.items():
        weight = 1 / len(own) / len(names)
        for name, change_SD in zip(own, changes[task], strict=True):
            adds.setdefault(name, []).append(weight * change_SD.mean(axis=0))
            reach[name] = reach.get(name, 0.0) + weight
    return [
        Term.of(name, np.sum(drawn, axis=0), n[name], (-reach[name], reach[name]))
        for name, drawn in adds.items()
    ]


def forgetting_term(benchmark: str, changes_XD: np.ndarray, n: int, weight: float) -> Term:
    """The term of a retention benchmark in forgetting: the mean of min(delta, 0) over runs.

    Runs that gained in every resample have no spread, and yet may have lost: one that gained a single example
    nearly as many as one without a change, one that gained ten none. So the changes are imagined in delta.

    Args:
        benchmark: its name.
        changes_XD: change of the score from theta_0's of each run, in D draws.
        n: number of examples.
        weight: of the benchmark in forgetting: 1 / number of benchmarks.
    """
    drawn_D = weight * forgetting(changes_XD)
    if has_spread(drawn_D[1:]):
        return Term(benchmark, drawn_D, n, (-weight, 0.0))
    changes_XR = changes_XD[:, 1:]
    share_2R = unseen_changes(n, changes_XR.shape[1], benchmark)
    lost_2R = [
        forgetting(_changed(changes_XR, share_R, 1 + changes_XR, 1 - changes_XR)) for share_R in share_2R
    ]
    return Term(benchmark, drawn_D, n, (-weight, 0.0), weight * np.stack(lost_2R))


def combined(draws_D: np.ndarray, terms: Sequence[Term]) -> tuple[Bounds, float]:
    """Bounds of the 95 % interval of a sum over benchmarks, and the p-value of the test that it is 0.

    The bootstrap's own where all terms have spread. Resamples of equal examples show no other one, so a term
    without spread is drawn as if one more of its examples were lost and one gained; the bounds are then the
    outer ones of both, and the p-value the larger.

    Args:
        draws_D: the sum, as measured, then on joint resamples of the examples of each benchmark.
        terms: of each benchmark.

    Source: Bonett & Price (2012), Adjusted Wald Confidence Interval for a Difference of Binomial Proportions
    Based on Paired Data, https://doi.org/10.3102/1076998611411915 (one more example a discordant cell).
    """
    drawn_R = draws_D[1:]
    (low, high), p_value = percentiles(drawn_R), bootstrap_p(drawn_R)
    imagined = [term.imagined_2R[0] - term.draws_D[1:] for term in terms if term.imagined_2R is not None]
    if not imagined:
        return (low, high), p_value
    wider_R = drawn_R + np.sum(imagined, axis=0)
    wide_low, wide_high = percentiles(wider_R)
    return (min(low, wide_low), max(high, wide_high)), max(p_value, bootstrap_p(wider_R))
