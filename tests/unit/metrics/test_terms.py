"""Intervals of sums over benchmarks where some of them show no difference at all."""

import itertools
import math
from functools import cache

import numpy as np
import pytest
from helpers.simulated_grades import items

from tms.config.suite import Suite
from tms.metrics.paired_tests import SIGNIFICANCE, bootstrap_p
from tms.metrics.statistics import RESAMPLES, bootstrap_interval, percentiles, resampled_means
from tms.metrics.summary import BASE, difference, summarise
from tms.metrics.terms import Term, combined, forgetting_term

SIZES = {"facts": 75, "lookup": 250, "refusal": 120}
SUITE = Suite(["chain"], list(SIZES))
LOSSES = list(itertools.product(range(4), repeat=3))  # wrong answers on each benchmark that theta_0 had right


def graded(losses):
    """A model that is right on all but the first examples of each benchmark."""
    model = {"chain": items("chain", {str(i): 1.0 for i in range(20)})}
    for (name, n), lost in zip(SIZES.items(), losses, strict=True):
        model[name] = items(name, {f"{i:03}": float(i >= lost) for i in range(n)})
    return model


@pytest.fixture(scope="module")
def summaries():
    """Models by the losses on each benchmark, of which none gained; theta_0's under `BASE`."""
    methods = {losses: {("chain", 0): graded(losses)} for losses in LOSSES}
    return summarise(graded((0, 0, 0)), methods, SUITE)[""]


def forgetting_of(summaries, losses):
    return summaries[losses].estimate("forgetting")


def retention_change(summaries, losses):
    return difference(summaries[losses], summaries[BASE], "retention_mean")


def retention(summaries, losses):
    return summaries[losses].estimate("retention_mean")


QUANTITIES = [forgetting_of, retention_change, retention]


@pytest.mark.parametrize("estimate", QUANTITIES)
def test_one_wrong_answer_more_raises_no_lower_bound(summaries, estimate):
    """Before, the first loss anywhere made all benchmarks without one certain: from -4.8 points to -0.2."""
    compared = 0
    for losses, place in itertools.product(LOSSES, range(3)):
        more = tuple(lost + (i == place) for i, lost in enumerate(losses))
        if more in summaries:
            low, of_more = (estimate(summaries, one).interval[0] for one in (losses, more))
            assert of_more <= low + 1e-12, (losses, more)
            compared += 1
    assert compared == 3 * 3 * 16


def test_an_interval_narrows_little_with_the_first_loss(summaries):
    widths = [np.ptp(forgetting_of(summaries, losses).interval) for losses in ((0, 0, 0), (0, 1, 0))]
    assert 0.9 < widths[1] / widths[0] < 1.2


@pytest.mark.parametrize("estimate", QUANTITIES)
def test_no_interval_is_narrower_than_the_bootstraps(summaries, estimate):
    name = "forgetting" if estimate is forgetting_of else "retention_mean"
    before = 0 if estimate is retention else summaries[BASE].draws_SD[name].mean(axis=0)[1:]
    wider = []
    for losses in LOSSES:
        low, high = percentiles(summaries[losses].draws_SD[name].mean(axis=0)[1:] - before)
        found = estimate(summaries, losses).interval
        assert found[0] <= low and high <= found[1]
        if all(losses):
            assert found == (low, high)  # with spread everywhere, to the last digit
        else:
            wider.append(low - found[0] > 1e-4)
    assert len(wider) == 64 - 27 and np.mean(wider) > 0.9


def test_what_is_unseen_of_three_benchmarks_is_less_than_its_sum(summaries):
    """By Skellam's distribution, of a lost example and a gained one, each drawn once on average: 3 of n."""
    unseen = [3 / n / 3 for n in SIZES.values()]
    low, high = forgetting_of(summaries, (0, 0, 0)).interval
    assert max(unseen) < -low < sum(unseen) and high == 0
    assert -low == pytest.approx(math.hypot(*unseen), rel=0.06)  # as MOVER combines independent bounds
    low, high = retention_change(summaries, (0, 0, 0)).interval
    error = math.sqrt(sum(2 / n**2 for n in SIZES.values())) / 3
    assert -low == pytest.approx(1.96 * error, rel=0.06) and high == pytest.approx(1.96 * error, rel=0.06)


def test_equal_losses_of_two_models_are_no_certainty_of_their_difference(summaries):
    unseen = retention_change(summaries, (0, 0, 0)).interval
    same = summarise(graded((0, 0, 0)), {key: {("chain", 0): graded((1, 2, 3))} for key in "ab"}, SUITE)[""]
    for name in ("forgetting", "retention_mean"):
        assert difference(same["a"], same["b"], name).interval == pytest.approx(unseen)
    without = [summaries[0, 0, 0]] * 2
    assert difference(*without, "forgetting").interval == pytest.approx(unseen)


@pytest.mark.parametrize("n", [3, 20, 150, 1000])
def test_a_sum_of_one_term_is_the_benchmarks_own(n):
    """Nothing to combine: the interval of one benchmark's mean, with spread and without."""
    for limits, value in [((0.0, 1.0), 1.0), ((0.0, 1.0), 0.4), ((-1.0, 1.0), 0.0), ((-1.0, 1.0), 0.2)]:
        draws_D = np.full(RESAMPLES + 1, value)
        bounds, p_value = combined(draws_D, [Term.of("facts", draws_D, n, limits)])
        assert bounds == pytest.approx(bootstrap_interval(draws_D[1:], n, limits))
        assert p_value == 1 or value
    draws_D = np.random.default_rng(n).normal(0.1, 0.1, size=500)
    found = combined(draws_D, [Term.of("facts", draws_D, n, (-1.0, 1.0))])
    assert found == (bootstrap_interval(draws_D[1:], n), bootstrap_p(draws_D[1:]))


def test_a_gain_is_no_proof_that_nothing_was_lost_and_ten_are(few=40):
    """The loss that a benchmark may have had shrinks with its gain, one grade at a time, to nothing."""
    drawn_RN = np.random.default_rng(0).integers(few, size=(RESAMPLES, few))
    lows = []
    for gained in range(13):
        change_N = (np.arange(few) < gained).astype(float)
        changes_D = np.append(change_N.mean(), change_N[drawn_RN].mean(axis=1))
        term = forgetting_term("facts", np.stack([changes_D] * 3), few, 0.5)
        assert not term.draws_D.any() and not term.imagined_2R.max()
        lows.append(term.imagined_2R[0].mean())
    assert lows == sorted(lows) and lows[3] > lows[0] / 4 and lows[12] > lows[0] / 100


def test_with_gains_too_one_right_answer_less_raises_no_lower_bound():
    """Of facts up to three grades are gained: one of these less, or one more lost on any benchmark."""
    draws, terms = {}, {}
    for name, n in SIZES.items():
        eye = np.zeros((8, n))
        eye[range(8), range(0, 8 * (n // 8), n // 8)] = 1
        draws[name] = resampled_means(eye, name)
    for (name, n), gained, lost in itertools.product(SIZES.items(), range(4), range(4)):
        change_R = draws[name][4 : 4 + gained].sum(axis=0) - draws[name][:lost].sum(axis=0)
        changes_XD = np.append((gained - lost) / n, change_R)[None]
        terms[name, gained, lost] = forgetting_term(name, changes_XD, n, 1 / 3)

    @cache
    def low(gained, *losses):
        own = [terms[key] for key in zip(SIZES, (gained, 0, 0), losses, strict=True)]
        return combined(np.sum([term.draws_D for term in own], axis=0), own)[0][0]

    for gained, losses in itertools.product(range(4), itertools.product(range(3), repeat=3)):
        for place in range(3):
            more = [lost + (i == place) for i, lost in enumerate(losses)]
            assert low(gained, *more) <= low(gained, *losses) + 1e-12
        if gained:
            assert low(gained - 1, *losses) <= low(gained, *losses) + 1e-12


def test_all_lost_cannot_be_less():
    term = forgetting_term("facts", np.full((1, RESAMPLES + 1), -1.0), 30, 0.25)
    (low, high), _ = combined(term.draws_D, [term])
    assert (low, high) == pytest.approx((-0.25, 0.25 * (2 * 3 / 30 - 1)))


def test_nothing_is_below_its_limits(few=2):
    """Of two examples three may not be lost."""
    found = combined(np.zeros(RESAMPLES + 1), [Term.of("facts", np.zeros(RESAMPLES + 1), few, (-0.5, 0.25))])
    assert found == ((-0.5, 0.25), 1)


@pytest.mark.parametrize("shift", [0.02, 0.05, 0.055, 0.06, 0.08, 0.12])
def test_the_test_agrees_with_the_interval(shift):
    """A gain on one of two benchmarks, none on the other: what the second may hide is in both."""
    one = shift + np.random.default_rng(1).normal(0, 0.02, size=RESAMPLES + 1)
    terms = [Term.of("facts", one, 200, (-0.5, 0.5)), Term.of("lookup", np.zeros(len(one)), 30, (-0.5, 0.5))]
    (low, high), p_value = combined(one, terms)
    half = 1.96 * math.hypot(0.02, math.sqrt(2) / 30 / 2)
    assert (low, high) == pytest.approx((shift - half, shift + half), abs=0.005)
    assert (p_value < SIGNIFICANCE) == (low > 0)
    assert p_value >= bootstrap_p(one[1:])


WIDE = Suite(["math", "gsm8k+sums"], ["facts", "lookup"], {"math500": "math"}, ["guard"])


@pytest.mark.parametrize("task", ["", *WIDE.targets])
def test_terms_add_up_to_their_quantity(task):
    rng = np.random.default_rng(0)
    base, *models = (
        {
            name: items(name, {str(i): float(rng.random() < 0.6) for i in range(40)})
            for name in WIDE.benchmarks
        }
        for _ in range(5)
    )
    runs = dict(zip(itertools.product(WIDE.targets, (0, 1)), models, strict=True))
    found = summarise(base, {"tms": runs}, WIDE, [task])[task]
    for summary in found.values():
        for name in ("target_mean", "retention_mean", "retention_mean_ext", *summary.terms):
            if summary.draws_SD.get(name) is None:
                continue
            terms = summary.terms_of(name)
            assert [len(summary.behind[name])] == [len(terms)]
            total = sum(term.draws_D for term in terms)
            assert np.allclose(total, summary.draws_SD[name].mean(axis=0))
            reach = 0 if summary is found[BASE] and name in summary.terms else 1
            assert sum(term.limits[1] - term.limits[0] for term in terms) == pytest.approx(
                2 * reach if name == "xfer" else reach
            )
