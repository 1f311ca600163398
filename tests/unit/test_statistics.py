"""Confidence intervals against published values and closed forms."""

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from tms.statistics import interval, interval_over_seeds


@pytest.mark.parametrize("right, n", [(0, 10), (3, 10), (10, 10), (81, 263), (1, 1)])
def test_scores_of_zero_and_one_get_wilsons_interval(right, n):
    found = interval([1.0] * right + [0.0] * (n - right))
    assert found == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-9)


def test_a_published_wilson_interval():
    """Newcombe (1998), Table I: 81 of 263, method 3."""
    assert interval([1.0] * 81 + [0.0] * 182) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_other_scores_get_a_bootstrap_close_to_the_normal_interval():
    scores = np.random.default_rng(1).uniform(size=400).tolist()
    half = 1.96 * np.std(scores) / math.sqrt(400)
    assert interval(scores) == pytest.approx((np.mean(scores) - half, np.mean(scores) + half), abs=0.004)
    assert interval(scores) == interval(scores)


def test_seeds_that_agree_do_not_narrow_the_interval():
    """Three seeds with the same verdicts hold no more information on the examples than one."""
    scores = np.random.default_rng(2).integers(0, 2, size=200).astype(float).tolist()
    one, three = interval_over_seeds([scores]), interval_over_seeds([scores] * 3)
    assert one == three
    independent = np.random.default_rng(3).integers(0, 2, size=(3, 200)).tolist()
    low, high = interval_over_seeds(independent)
    assert high - low < 0.75 * (one[1] - one[0])  # 1 / sqrt(3) in expectation


def test_differences_to_the_base_are_paired():
    base = np.random.default_rng(4).integers(0, 2, size=300).astype(float)
    assert interval_over_seeds([(base - base).tolist()]) == (0.0, 0.0)
