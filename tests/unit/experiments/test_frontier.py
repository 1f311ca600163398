"""Fronts, dominated areas and the verdict on them, against brute force, closed forms and simulation."""

import numpy as np
import pytest
from helpers.simulated_grades import SUITE, TRADE, true_plane, world
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp

from tms.experiments.frontier import control, dominated_area, nondominated, sides_of
from tms.experiments.points import HALVES, coordinates
from tms.io.errors import InputError
from tms.metrics import statistics

REFERENCE = (0.0, -0.3)
KINDS = {f"{side}{i}": side for side in ("sft", "tms") for i in range(20)}
# Whole numbers, so that ties are common.
planes = st.lists(st.tuples(st.integers(-2, 6), st.integers(-2, 6)), min_size=1, max_size=8)


def area(points, reference=(0, 0), chosen=None):
    plane = np.array(points, dtype=float).T
    return float(dominated_area(plane, reference, np.ones(len(points), bool) if chosen is None else chosen))


def cells_covered(points, reference=(0, 0)):
    """Brute force: unit squares above the reference that lie below some point."""
    return sum(
        any(x > i and y > j for x, y in points)
        for i in range(reference[0], 7)
        for j in range(reference[1], 7)
    )


def test_areas_by_hand():
    assert area([(3, 2)]) == 6
    assert area([(3, 2), (1, 5)]) == 6 + 3
    assert area([(3, 2), (3, 2), (2, 2)]) == 6  # equal and dominated points
    assert area([(3, -1), (-1, 4), (0, 5)]) == 0  # not better than the reference
    assert area([(0.6, -0.1)], REFERENCE) == pytest.approx(0.6 * 0.2)
    assert area([(3, 2), (1, 5)], chosen=np.array([False, True])) == 5


@given(planes, st.tuples(st.integers(-1, 2), st.integers(-1, 2)))
def test_areas_are_those_of_unit_squares(points, reference):
    assert area(points, reference) == cells_covered(points, reference)


@given(planes, st.tuples(st.integers(-2, 6), st.integers(-2, 6)), st.randoms(use_true_random=False))
def test_an_area_grows_with_points_and_knows_no_order(points, more, random):
    assert area([*points, more]) >= area(points)
    assert area(random.sample(points, len(points))) == area(points)


@given(planes)
def test_a_front_is_what_no_other_point_dominates_and_has_the_whole_area(points):
    front = nondominated(np.array(points, dtype=float).T)
    for (x, y), kept in zip(points, front, strict=True):
        assert kept == (not any(a >= x and b >= y and (a, b) != (x, y) for a, b in points))
    assert area(points, chosen=front) == area(points)


def test_many_planes_at_once_are_those_one_by_one():
    planes_2PD = np.random.default_rng(0).normal(size=(2, 7, 50))
    front_PD = nondominated(planes_2PD)
    areas_D = dominated_area(planes_2PD, (-1, -1), front_PD)
    for d in range(50):
        assert np.array_equal(nondominated(planes_2PD[:, :, d]), front_PD[:, d])
        one = dominated_area(planes_2PD[:, :, d], (-1, -1), front_PD[:, d])
        assert areas_D[d] == pytest.approx(one, abs=1e-12)


def test_monte_carlo_area():
    rng = np.random.default_rng(1)
    plane = rng.uniform(size=(2, 6))
    thrown = rng.uniform(size=(2, 1, 200_000))
    share = (thrown < plane[:, :, None]).all(axis=0).any(axis=0).mean()
    found = dominated_area(plane, (0, 0), np.ones(6, bool))
    assert abs(share - found) < 5 * np.sqrt(found * (1 - found) / 200_000)


def test_sides_have_as_many_points():
    points = [("sft0", "1of2"), ("tms0", ""), ("sft0", ""), ("tms0", "1of2")]
    assert sides_of(points, KINDS) == {"sft": [0, 1, 3], "tms": [0, 2, 4]}
    with pytest.raises(
        InputError, match=r"experiments.frontier: 2 points of SFT and 1 .*training.checkpoints"
    ):
        sides_of(points[:3], KINDS)
    with pytest.raises(InputError, match="0 points of SFT and 0"):
        sides_of([], KINDS)


def compare(base, points, reference=REFERENCE):
    halves = [coordinates(base, points, SUITE, half) for half in HALVES]
    return control(*halves, sides_of(list(points), KINDS), reference), *halves


@pytest.fixture
def few_resamples(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 300)


def test_equal_sides_differ_by_nothing(few_resamples):
    base, points = world(np.random.default_rng(2), TRADE[:3], [], 100)
    points |= {(f"tms{i}", ""): points[f"sft{i}", ""] for i in range(3)}
    found, *_ = compare(base, points)
    assert (found.difference.value, found.difference.interval) == (0, (0, 0))
    assert found.difference.p_value == 1
    assert found.areas["sft"] == found.areas["tms"]


def test_points_are_selected_on_validation_and_measured_on_test(few_resamples):
    base, points = world(np.random.default_rng(3), TRADE, TRADE, 100)
    found, validation, test = compare(base, points)
    for side, members in sides_of(list(points), KINDS).items():
        picked = nondominated(validation.plane(members)[:, :, 0])
        assert found.selected[side] == [i for i, kept in zip(members, picked, strict=True) if kept]
        measured = [tuple(test.plane([i])[:, 0, 0]) for i in found.selected[side]]
        assert found.areas[side]["test"].value == pytest.approx(area(measured, REFERENCE))
        selecting = [tuple(validation.plane([i])[:, 0, 0]) for i in found.selected[side]]
        assert found.areas[side]["validation"].value == pytest.approx(area(selecting, REFERENCE))
    by_side = [found.areas[side]["test"].value for side in ("tms", "sft")]
    assert found.difference.value == pytest.approx(by_side[0] - by_side[1])
    far = compare(base, points, reference=(0.0, -1e-3))[0]
    for side in ("sft", "tms"):
        low = [i for i in far.selected[side] if test.forgetting_PSD[i, 0, 0] <= -1e-3]
        assert far.beyond[side] == low and low


def test_seeds_repeat_the_whole_comparison(few_resamples):
    base, points = world(np.random.default_rng(4), TRADE, TRADE, 100, seeds=3)
    found, *_ = compare(base, points)
    alone = []
    for seed in range(3):
        one = {point: {("chain", 0): runs["chain", seed]} for point, runs in points.items()}
        alone.append(compare(base, one)[0].difference.value)
        assert compare(base, one)[0].difference.seeds_interval is None
    expected = ttest_1samp(alone, 0).confidence_interval(0.95)
    assert found.difference.seeds_interval == pytest.approx(tuple(expected))


def test_a_clearly_better_side_is_found():
    better = [(target + 0.3, facts + 0.4, lookup + 0.4) for target, facts, lookup in TRADE]
    found, *_ = compare(*world(np.random.default_rng(5), TRADE, better, 1000))
    assert found.difference.interval[0] > 0 and found.difference.p_value < 0.01
    truth = [
        dominated_area(true_plane(side), REFERENCE, np.ones(1 + len(side), bool)) for side in (better, TRADE)
    ]
    low, high = found.difference.interval
    assert low < truth[0] - truth[1] < high


def test_measuring_on_the_half_that_selected_is_optimistic(monkeypatch):
    """Twelve equal points: the best by chance seem better than they are, unless measured apart."""
    monkeypatch.setattr(statistics, "RESAMPLES", 2)
    equal, rng = [(0.3, 0.8, 0.8)] * 12, np.random.default_rng(6)
    truth = dominated_area(true_plane(equal), REFERENCE, np.ones(13, bool))
    excess = []
    for _ in range(60):
        found, *_ = compare(*world(rng, equal, equal, 100))
        excess += [[areas[half].value - truth for half in HALVES] for areas in found.areas.values()]
    same, apart = np.array(excess).T
    assert ttest_1samp(same, 0).confidence_interval(0.999).low > 0
    assert ttest_1samp(same - apart, 0).confidence_interval(0.999).low > 0
    assert abs(apart.mean()) < same.mean() / 3


@pytest.mark.slow
@pytest.mark.parametrize("models", [TRADE, [(0.3, 0.8, 0.8)] * 6], ids=["trade", "equal"])
def test_under_the_null_the_interval_covers_no_difference(few_resamples, models):
    """At least 95 % of the time: selecting anew in each resample makes the interval wide, not narrow."""
    rng, covered, rejected, sims = np.random.default_rng(7), 0, 0, 300
    for _ in range(sims):
        difference = compare(*world(rng, models, models, 200))[0].difference
        covered += difference.interval[0] <= 0 <= difference.interval[1]
        rejected += difference.p_value < 0.05
    print(f"covered {covered / sims:.1%}, rejected {rejected / sims:.1%}")
    assert binomtest(covered, sims, 0.95, alternative="less").pvalue > 0.001
    assert binomtest(rejected, sims, 0.05, alternative="greater").pvalue > 0.001
