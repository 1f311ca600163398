"""Fronts and dominated areas against brute force, closed forms and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.experiments.pareto import dominated_area, nondominated

REFERENCE = (0.0, -0.3)
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
