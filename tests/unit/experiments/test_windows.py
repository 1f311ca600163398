"""Values of curves at one accuracy, against np.interp and cases by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.experiments.windows import at_accuracy, common_checkpoints, matched_accuracy


def column(*values):
    return np.array(values, dtype=float)[:, None]


def value(target, values, accuracy):
    return at_accuracy(column(*target), column(*values), np.array([accuracy]))[0]


def test_the_first_crossing_counts():
    # Up to 0.8, down, and up again: the run would have been stopped on the first way up.
    target, values = [0.2, 0.8, 0.4, 0.9], [0.0, -0.3, -0.5, -0.9]
    assert value(target, values, 0.5) == pytest.approx(-0.15)
    assert value(target, values, 0.8) == pytest.approx(-0.3)
    assert value(target, values, 0.85) == pytest.approx(-0.5 - 0.4 * 0.9)
    assert value(target, values, 0.9) == pytest.approx(-0.9)


def test_theta_0_that_is_good_enough_is_the_match():
    assert value([0.5, 0.6], [0.0, -0.2], 0.5) == 0
    assert value([0.5, 0.4], [0.0, -0.2], 0.3) == 0
    assert value([0.5, 0.5, 0.6], [0.0, -0.2, -0.4], 0.55) == pytest.approx(-0.3)  # a flat stretch


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=6, unique=True).map(sorted),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_rising_curves_are_interpolated_as_numpy_does(target, share, seed):
    values = np.random.default_rng(seed).normal(size=len(target))
    accuracy = target[0] + share * (target[-1] - target[0])
    assert value(target, values, accuracy) == pytest.approx(np.interp(accuracy, target, values), abs=1e-9)


def test_every_curve_reaches_the_matched_accuracy_on_every_draw():
    target_CPD = np.random.default_rng(1).uniform(size=(4, 3, 500))
    target_CPD[:, 0] = target_CPD[0, 0]  # theta_0
    accuracy_D = matched_accuracy(target_CPD)
    assert np.all(accuracy_D >= target_CPD[0, 0])
    for curve_PD in target_CPD:
        assert at_accuracy(curve_PD, curve_PD, accuracy_D) == pytest.approx(
            np.maximum(accuracy_D, curve_PD[0])
        )
    assert matched_accuracy(np.array([column(0.1, 0.7, 0.6), column(0.1, 0.3, 0.5)])) == [0.5]


def test_checkpoints_that_all_have():
    assert common_checkpoints([["2of5", "7of10"], ["7of10"], ["1of5", "7of10"]]) == ["7of10"]
    assert common_checkpoints([["2of5"], []]) == []
