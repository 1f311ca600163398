"""Paired tests against closed forms and scipy, Holm's correction against its definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from statsmodels.stats.multitest import multipletests

from tms.metrics.paired_tests import bootstrap_p, holm, mcnemar_p
from tms.metrics.statistics import RESAMPLES, percentiles, resampled_means


def runs(both, first, second, neither):
    """Two runs' grades with these counts of right answers."""
    counts = [both, first, second, neither]
    return np.repeat([1.0, 1.0, 0.0, 0.0], counts), np.repeat([1.0, 0.0, 1.0, 0.0], counts)


@pytest.mark.parametrize("first, second", [(1, 5), (5, 5), (0, 8), (40, 25), (120, 160)])
def test_mcnemar_is_a_fair_coins_binomial_test(first, second):
    expected = binomtest(first, first + second, 0.5).pvalue
    assert mcnemar_p(*runs(30, first, second, 20)) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_looks_at_discordant_examples_alone():
    assert mcnemar_p(*runs(0, 1, 9, 0)) == mcnemar_p(*runs(500, 1, 9, 300)) == pytest.approx(22 / 1024)
    assert mcnemar_p(*runs(7, 0, 0, 3)) == 1


def test_the_bootstraps_p_value_is_the_normal_one_for_many_examples():
    scores = np.random.default_rng(0).normal(0.05, 0.5, size=(1, 400))
    z = scores.mean() / (scores.std() / 20)
    assert bootstrap_p(resampled_means(scores)[0]) == pytest.approx(2 * norm.sf(abs(z)), abs=0.01)


def test_the_bootstraps_extremes():
    assert bootstrap_p(np.zeros(RESAMPLES)) == 1
    assert (
        bootstrap_p(np.full(RESAMPLES, 0.1)) == bootstrap_p(np.full(RESAMPLES, -0.1)) == 2 / (RESAMPLES + 1)
    )


@given(st.floats(-3.0, 3.0))
def test_the_bootstraps_p_value_agrees_with_its_interval(shift):
    drawn = np.random.default_rng(1).normal(size=RESAMPLES) + shift
    low, high = percentiles(drawn)
    p_value = bootstrap_p(drawn)
    if abs(p_value - 0.05) > 0.001:  # at the threshold the two count one resample differently
        assert (p_value < 0.05) == (not low <= 0 <= high)


def test_holm_by_hand():
    """Holm (1979): the k-th smallest of m is multiplied by m - k + 1, and none is below the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.2, None, 0.01]) == [0.2, None, pytest.approx(0.02)]
    assert holm([None]) == [None]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=20)
def test_holm_is_statsmodels_(p_values):
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferronis_and_keeps_the_order(p_values):
    adjusted = holm(p_values)
    for p_value, found in zip(p_values, adjusted, strict=True):
        assert p_value <= found + 1e-12
        assert found <= min(1.0, len(p_values) * p_value) + 1e-12
    in_order = [found for _, found in sorted(zip(p_values, adjusted, strict=True))]
    assert in_order == sorted(in_order)
    assert holm(p_values[::-1]) == pytest.approx(adjusted[::-1])


def test_rounding_turns_no_tie_into_a_difference():
    """Means over three seeds that are equal may differ by a rounding error; they are still equal."""
    noise = np.tile([1e-17, -1e-17], 500)
    assert bootstrap_p(noise) == bootstrap_p(np.zeros(1000)) == 1
    assert bootstrap_p(np.concatenate([np.full(100, -1e-17), np.ones(900)])) == pytest.approx(202 / 1001)
