"""Tests of whether two models differ, on the same examples, and the correction for many such tests."""

from collections.abc import Sequence

import numpy as np

from tms.metrics.statistics import EQUAL

SIGNIFICANCE = 0.05


def mcnemar_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p-value of McNemar's exact test between one run a side.

    Exact at any size: only examples that one of the two got right count, and for them a fair coin's binomial.

    Args:
        first: a grade of 0 or 1 for each example.
        second: the other run's grades on the same examples, in the same order.

    Source: statsmodels.stats.contingency_tables.mcnemar.
    """
    from statsmodels.stats.contingency_tables import mcnemar  # importing takes seconds

    right_FS = np.zeros((2, 2))
    np.add.at(right_FS, (np.asarray(first, dtype=int), np.asarray(second, dtype=int)), 1)
    return float(mcnemar(right_FS, exact=True).pvalue)


def bootstrap_p(differences: np.ndarray) -> float:
    """Two-sided p-value of the paired bootstrap: that the difference is not on the side where it seems.

    It agrees with the percentile interval: the p-value is under 0.05 where that interval leaves out 0. Equal
    models have 1, and the smallest value is 2 / (resamples + 1).

    Args:
        differences: the difference between two models under each resample of their common examples
            (`statistics.resampled_means`, which draws them jointly for all models and seeds).

    Source: Davison & Hinkley (1997), Bootstrap Methods and their Application, Section 4.4 and 5.
    """
    # A difference of 0 may be a rounding error of its sums away from it.
    beyond = min(np.sum(differences <= EQUAL), np.sum(differences >= -EQUAL))
    return float(min(1.0, 2 * (beyond + 1) / (len(differences) + 1)))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjusted p-values of the tests of one table; None (no test) stays None and does not count.

    Written out: statsmodels' `multipletests`, which a test compares, collects all garbage in each call.

    Source: Holm (1979), https://www.jstor.org/stable/4615733.
    """
    tested = [index for index, p_value in enumerate(p_values) if p_value is not None]
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(tested, key=lambda index: p_values[index])):
        largest = min(1.0, max(largest, p_values[index] * (len(tested) - rank)))
        adjusted[index] = float(largest)
    return adjusted
