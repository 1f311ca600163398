"""Intervals that hold two sources of variance: by hand, against other libraries, and how often they err."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import norm, t, ttest_1samp

from tms.metrics.statistics import Z, percentiles, resampled_means, seed_interval
from tms.metrics.two_sources import TwoSources

SIZES = st.floats(1e-6, 10)


def of_seeds(values, half=0.0):
    """A mean over seeds with +- half over examples."""
    low, high = seed_interval(values)
    mean = float(np.mean(values))
    return TwoSources(mean, (mean - half, mean + half), (high - low) / 2, len(values))


def test_squares_of_half_widths_add_on_each_side():
    low, high = TwoSources(1.0, (0.7, 1.5), spread=0.4).interval
    assert (low, high) == pytest.approx((1 - math.hypot(0.3, 0.4), 1 + math.hypot(0.5, 0.4)))


@pytest.mark.parametrize("values", [[0.05, 0.03], [0.05, 0.03, 0.06], [0.1, -0.02, 0.04, 0.01, 0.03]])
def test_without_variance_over_examples_it_is_student_s_test(values):
    one, reference = of_seeds(values), ttest_1samp(values, 0.01)
    assert one.interval == pytest.approx(reference.confidence_interval(0.95))
    assert one.p_value(0.01) == pytest.approx(reference.pvalue)


@pytest.mark.parametrize("spread", [None, 0.0])
def test_without_variance_between_runs_it_is_the_normal_s_test(spread):
    one = TwoSources(0.3, (0.1, 0.7), spread)
    assert one.interval == pytest.approx((0.1, 0.7))
    assert one.p_value() == pytest.approx(2 * norm.sf(0.3 / (0.2 / Z)))
    assert one.p_value(0.5) == pytest.approx(2 * norm.sf(0.2 / (0.4 / Z)))


@pytest.mark.parametrize(
    "value, examples, spread, expected",
    [(0.0, (0.0, 0.0), 0.0, 1.0), (0.1, (0.1, 0.1), None, 0.0), (0.0, (-0.1, 0.2), 0.3, 1.0)],
)
def test_numbers_without_variance(value, examples, spread, expected):
    assert TwoSources(value, examples, spread).p_value() == expected


def test_a_p_value_below_all_floats_is_0():
    assert TwoSources(1.0, (1 - 1e-9, 1 + 1e-9), 1e-12, 9).p_value() == pytest.approx(0.0, abs=1e-80)


@given(st.floats(-5, 5), SIZES, SIZES, SIZES, st.integers(2, 9), st.floats(-5, 5))
def test_test_and_interval_agree(value, below, above, spread, seeds, bound):
    one = TwoSources(value, (value - below, value + above), spread, seeds)
    low, high = one.interval
    p_value = one.p_value(bound)
    assert 0 <= p_value <= 1
    if min(abs(bound - low), abs(bound - high)) > 1e-6:
        assert (p_value < 0.05) == (not low <= bound <= high)


@given(st.floats(-5, 5), SIZES, SIZES, SIZES, SIZES, st.integers(2, 9))
@example(5.960464477539063e-08, 1.0, 1.0, 4.0, 2.0, 7)  # SciPy's quantile of Student's t is 0 there
def test_it_is_never_narrower_than_either_and_grows_with_both(value, below, above, spread, more, seeds):
    one = TwoSources(value, (value - below, value + above), spread, seeds)
    alone = one._replace(spread=None)
    assert one.interval[0] <= alone.interval[0] and one.interval[1] >= alone.interval[1]
    assert one.interval[0] <= value - spread and one.interval[1] >= value + spread
    wider = one._replace(spread=spread + more)
    assert wider.interval[0] <= one.interval[0] and wider.interval[1] >= one.interval[1]
    assert wider.p_value() >= one.p_value() - 1e-9
    assert one.p_value() >= alone.p_value() - 1e-9


@given(st.floats(-5, 5), SIZES, SIZES, SIZES, st.integers(2, 9))
def test_turning_the_sign_turns_the_interval(value, below, above, spread, seeds):
    one = TwoSources(value, (value - below, value + above), spread, seeds)
    other = TwoSources(-value, (-value - above, -value + below), spread, seeds)
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]))
    assert other.p_value() == pytest.approx(one.p_value())


def crossed(rng, seeds, n, run, example=0.4, noise=0.6, count=None):
    """Differences of a mean 0 on n examples under runs with effects of their own: (..., seeds, n)."""
    shape = () if count is None else (count,)
    return (
        rng.normal(0, run, (*shape, seeds, 1))
        + rng.normal(0, example, (*shape, 1, n))
        + rng.normal(0, noise, (*shape, seeds, n))
    )


def test_a_crossed_design_by_hand():
    """Mean squares of examples and of runs, each at its own quantile."""
    values_SN = crossed(np.random.default_rng(0), 3, 400, 0.05)
    seeds, n = values_SN.shape
    by_example, by_run = values_SN.mean(axis=0), values_SN.mean(axis=1)
    of_examples, of_runs = seeds * by_example.var(ddof=1), n * by_run.var(ddof=1)
    one = of_seeds(by_run.tolist(), Z * np.sqrt(of_examples / (n * seeds)))
    half = math.sqrt((Z**2 * of_examples + t.ppf(0.975, seeds - 1) ** 2 * of_runs) / (n * seeds))
    assert one.interval == pytest.approx((values_SN.mean() - half, values_SN.mean() + half))
    drawn = one._replace(examples=percentiles(resampled_means([by_example])[0]))
    assert drawn.interval == pytest.approx(one.interval, rel=0.03)


def test_runs_as_random_effects_have_the_error_of_a_mixed_model():
    from statsmodels.regression.mixed_linear_model import MixedLM

    values_SN = crossed(np.random.default_rng(1), 5, 60, 0.5, example=0.0)
    groups = np.repeat(np.arange(5), 60)
    fitted = MixedLM(values_SN.ravel(), np.ones((300, 1)), groups).fit()
    spread = of_seeds(values_SN.mean(axis=1).tolist()).spread
    assert spread / t.ppf(0.975, 4) == pytest.approx(float(fitted.bse[0]), rel=1e-3)


def test_where_runs_agree_many_examples_leave_the_interval_over_examples():
    """No variance of the runs and none of their own on the examples: the spread is 0."""
    values_SN = crossed(np.random.default_rng(2), 3, 5000, 0.0, noise=0.0)
    one = of_seeds(values_SN.mean(axis=1).tolist(), 0.01)
    assert one.interval == pytest.approx((one.value - 0.01, one.value + 0.01))


@pytest.mark.parametrize("seeds, run", [(2, 0.0), (2, 0.1), (3, 0.1), (3, 1.0)])
def test_it_errs_in_at_most_5_percent_whatever_the_runs_variance(seeds, run):
    """Of 4,000 experiments on 100 examples without a difference; 3 standard errors are 1 point."""
    rng = np.random.default_rng(3)
    values_CSN = crossed(rng, seeds, 100, run, count=4000)
    mean_C, errors_C = values_CSN.mean(axis=(1, 2)), values_CSN.mean(axis=1).std(axis=1, ddof=1) / 10
    spread_C = t.ppf(0.975, seeds - 1) * values_CSN.mean(axis=2).std(axis=1, ddof=1) / np.sqrt(seeds)
    wrong = sum(
        TwoSources(mean, (mean - Z * error, mean + Z * error), spread, seeds).p_value() < 0.05
        for mean, error, spread in zip(mean_C, errors_C, spread_C, strict=True)
    )
    assert wrong / 4000 <= 0.06
