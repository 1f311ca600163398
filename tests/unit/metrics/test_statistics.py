"""Confidence intervals against published values and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap, norm, ttest_1samp
from statsmodels.stats.proportion import proportion_confint

from tms.metrics import statistics
from tms.metrics.statistics import (
    RESAMPLES,
    bootstrap_interval,
    normal_interval,
    percentiles,
    resampled_means,
    score_interval,
    seed_interval,
    unseen_changes,
    wilson,
)


@pytest.mark.parametrize("right, n", [(0, 10), (3, 10), (10, 10), (81, 263), (1, 1)])
def test_scores_of_zero_and_one_get_wilsons_interval(right, n):
    found = score_interval([[1.0] * right + [0.0] * (n - right)])
    assert found == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-9)


def test_a_published_wilson_interval():
    """Newcombe (1998), Table I: 81 of 263, method 3."""
    assert score_interval([[1.0] * 81 + [0.0] * 182]) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_other_scores_get_a_bootstrap_close_to_the_normal_interval():
    scores = np.random.default_rng(1).uniform(size=400).tolist()
    half = 1.96 * np.std(scores) / math.sqrt(400)
    assert score_interval([scores]) == pytest.approx(
        (np.mean(scores) - half, np.mean(scores) + half), abs=0.004
    )
    assert score_interval([scores]) == score_interval([scores])


def test_the_bootstrap_is_scipys():
    scores = np.random.default_rng(5).beta(0.5, 0.5, size=150)
    theirs = bootstrap((scores,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=1)
    ours = percentiles(resampled_means([scores])[0])
    # Both bounds are percentiles of 10,000 draws with an error of some 1.4 % of an interval's half width.
    assert ours == pytest.approx(
        tuple(theirs.confidence_interval), abs=0.1 * width(theirs.bootstrap_distribution) / 2
    )


def test_resamples_are_the_same_however_many_are_drawn_at_once(monkeypatch):
    scores = np.random.default_rng(6).uniform(size=(2, 300))
    whole = resampled_means(scores)
    assert whole.shape == (2, RESAMPLES)
    monkeypatch.setattr(statistics, "DRAWS_AT_ONCE", 300 * 999)
    assert np.allclose(resampled_means(scores), whole, rtol=0, atol=1e-12)


def test_the_mean_of_seeds_resamples_is_the_resample_of_their_mean():
    scores = np.random.default_rng(7).uniform(size=(3, 80))
    assert np.allclose(resampled_means(scores).mean(axis=0), resampled_means([scores.mean(axis=0)])[0])


def test_several_runs_have_wilsons_interval_at_the_effective_number_of_examples():
    right = np.repeat([1.0, 0.0], [30, 70])
    wilson = proportion_confint(30, 100, method="wilson")
    assert score_interval([right]) == pytest.approx(wilson)
    # Three runs that agree tell no more than one (up to n / (n - 1) of the variance).
    assert score_interval([right] * 3) == pytest.approx(wilson)
    # Runs that are right on different examples tell more: here each example has one right run of three.
    rotated = np.array([[1.0, 0, 0] * 40, [0, 1.0, 0] * 40, [0, 0, 1.0] * 40])
    assert score_interval(rotated) == pytest.approx(proportion_confint(120, 360, method="wilson"))
    # In between: half of the examples have both runs right, a quarter one of them.
    two = np.array([[1.0, 1, 1, 0] * 50, [1.0, 1, 0, 0] * 50])
    variance = np.var([1.0, 1.0, 0.5, 0.0]) / 199
    effective = 0.625 * 0.375 / variance
    assert 200 < effective < 400
    assert score_interval(two) == pytest.approx(
        proportion_confint(0.625 * effective, effective, method="wilson")
    )


def test_runs_with_no_error_at_all_still_have_an_interval():
    assert score_interval([[1.0] * 50] * 3) == pytest.approx(proportion_confint(50, 50, method="wilson"))


def test_other_scores_of_several_runs_are_resampled_jointly():
    scores = np.random.default_rng(8).uniform(size=(3, 90))
    assert score_interval(scores) == pytest.approx(percentiles(resampled_means(scores).mean(axis=0)))


def test_the_interval_over_seeds_is_students():
    values = [0.61, 0.58, 0.66]
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    assert seed_interval(values) == pytest.approx((expected.low, expected.high))
    assert seed_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)
    assert seed_interval([0.6]) is None


def test_a_mean_with_a_standard_error():
    assert normal_interval(0.4, 0.1) == pytest.approx(norm.interval(0.95, 0.4, 0.1))


def width(means):
    low, high = percentiles(means)
    return high - low


def test_seeds_that_agree_do_not_narrow_the_interval():
    """Three seeds with the same grades hold no more information on the examples than one."""
    same = np.random.default_rng(2).integers(0, 2, size=200)
    one, three = resampled_means([same]).mean(axis=0), resampled_means([same] * 3).mean(axis=0)
    assert width(one) == pytest.approx(width(three))
    independent = np.random.default_rng(3).integers(0, 2, size=(3, 200))
    assert width(resampled_means(independent).mean(axis=0)) < 0.75 * width(one)  # 1 / sqrt(3) in expectation


def test_differences_to_the_base_are_paired():
    """A run that loses 10 of the base's 150 right answers and gains none: the loss alone varies."""
    base = np.repeat([1.0, 0.0], [150, 50])
    run = base.copy()
    run[:10] = 0
    base_means, run_means = resampled_means([base, run])
    paired = width(run_means - base_means)
    assert paired == pytest.approx(2 * 1.96 * math.sqrt(0.05 * 0.95 / 200), rel=0.1)
    assert paired < 0.6 * width(base_means)


@pytest.mark.parametrize("n", [1, 20, 150])
def test_equal_resamples_claim_no_certainty(n):
    """Changes that no example shows may still be there: of up to 3 / n of all, as far as the limits allow."""
    share = min(1, 3 / n)
    assert bootstrap_interval(np.ones(50), n) == pytest.approx((1 - share, 1))
    assert bootstrap_interval(np.zeros(50), n) == pytest.approx((0, share))
    assert bootstrap_interval(np.zeros(50), n, (-1.0, 1.0)) == pytest.approx((-share, share))
    assert bootstrap_interval(np.zeros(50), n, (-1.0, 0.0)) == pytest.approx((-share, 0))
    assert bootstrap_interval(np.full(50, -1.0), n, (-1.0, 1.0)) == pytest.approx((-1, -1 + 2 * share))
    assert bootstrap_interval(np.zeros(50), n, (0.0, 0.0)) == (0, 0)  # by definition, not by measurement
    drawn = np.linspace(-0.1, 0.3, 50)
    assert bootstrap_interval(drawn, n, (-1.0, 1.0)) == percentiles(drawn)
    rounding = 0.1 + np.linspace(0, 1e-16, 50)
    assert np.ptp(bootstrap_interval(rounding, n)) > 1e-3


@pytest.mark.parametrize("n", [4, 75, 1000])
def test_the_step_from_none_to_one_narrows_no_interval(n):
    """The bootstrap's bound of one example of n that differs is 3 of n; 0 of n has the same, not Wilson's."""
    low, high = bootstrap_interval(resampled_means([[1.0] + [0.0] * (n - 1)], str(n))[0], n)
    assert (low, high) == pytest.approx((0, 3 / n)) == bootstrap_interval(np.zeros(10), n)
    assert proportion_confint(0, n, method="wilson")[1] > high or n == 4


@pytest.mark.parametrize("n", [2, 4, 75, 1000])
def test_a_lost_example_and_a_gained_one_have_the_same_bounds(n):
    changes_2R = unseen_changes(n, RESAMPLES, "facts")
    assert np.array_equal(changes_2R, -changes_2R[::-1])
    assert percentiles(changes_2R[0]) == pytest.approx((-min(1, 3 / n), min(1, 3 / n)))
    if n > 10:
        assert changes_2R[0].var() == pytest.approx(2 / n**2, rel=0.05)
    assert np.array_equal(changes_2R, unseen_changes(n, RESAMPLES, "facts"))
    assert abs(np.corrcoef(changes_2R[0], unseen_changes(n, RESAMPLES, "lookup")[0])[0, 1]) < 0.04


def test_streams_are_independent_resamples():
    """Two benchmarks with as many examples: drawn alike, equal scores would move together."""
    scores = [np.random.default_rng(5).integers(0, 2, size=300)]
    one, other = resampled_means(scores)[0], resampled_means(scores, "other")[0]
    assert np.array_equal(other, resampled_means(scores, "other")[0])
    assert abs(np.corrcoef(one, other)[0, 1]) < 5 / math.sqrt(len(one))
    assert width([one]) == pytest.approx(width([other]), rel=0.05)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts):
    right, n = counts
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson(right, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
