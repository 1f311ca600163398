"""Weights p(t) of a method's settings."""

import math

import pytest

from tms.io.errors import InputError
from tms.mixture.checkpoints import evenly_spaced
from tms.mixture.plan import MixtureWeights
from tms.mixture.weights import checkpoint_weights, window_weights


def support(window, num_checkpoints):
    """Indices t of the checkpoints inside a window."""
    weights = window_weights(window, num_checkpoints)
    return [t for t, weight in enumerate(weights, start=1) if weight]


def test_the_papers_default():
    assert checkpoint_weights(num_checkpoints=10) == (
        ("1of10", "1of5", "3of10", "2of5", "1of2", "3of5", "7of10", "4of5", "9of10", "1of1"),
        (0.1,) * 10,
    )


@pytest.mark.parametrize(
    "window, num_checkpoints, members",
    [
        ("early", 10, [1, 2, 3, 4]),  # ceil(10/3) = 4
        ("mid", 10, [5, 6]),
        ("late", 10, [7, 8, 9, 10]),  # ceil(20/3) = 7
        ("early", 6, [1, 2]),
        ("mid", 6, [3]),
        ("late", 6, [4, 5, 6]),
        ("early", 1, [1]),
        ("late", 1, [1]),
    ],
)
def test_windows_as_printed_in_appendix_g(window, num_checkpoints, members):
    assert support(window, num_checkpoints) == members
    assert math.isclose(sum(window_weights(window, num_checkpoints)), 1)


@pytest.mark.parametrize("num_checkpoints", range(1, 40))
def test_the_windows_normalisers_are_the_papers(num_checkpoints):
    early, late = window_weights("early", num_checkpoints), window_weights("late", num_checkpoints)
    assert math.isclose(early[0], 1 / math.ceil(num_checkpoints / 3))
    assert math.isclose(late[-1], 1 / (num_checkpoints - math.ceil(2 * num_checkpoints / 3) + 1))


@pytest.mark.parametrize("num_checkpoints", range(6, 40))
def test_early_mid_and_late_split_the_checkpoints(num_checkpoints):
    together = [t for window in ("early", "mid", "late") for t in support(window, num_checkpoints)]
    assert together == list(range(1, num_checkpoints + 1))


def test_explicit_weights_win_over_the_window_and_points_over_both():
    explicit = checkpoint_weights(2, window="late", weights=[0.75, 0.25])
    assert explicit == (("1of2", "1of1"), (0.75, 0.25))
    assert checkpoint_weights(2, weights=[0.75, 0.25], points={"0of1": 1.0}) == (("0of1",), (1.0,))


def test_five_checkpoints_are_among_ten():
    assert set(evenly_spaced(5)) < set(evenly_spaced(10))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"weights": [0.5, 0.4]}, "sum to 0.9"),
        ({"weights": [1.0]}, "1 weights for 2 checkpoints"),
        ({"weights": [1.5, -0.5]}, "1.5 is not a weight"),
        ({"weights": [math.nan, 1.0]}, "nan is not a weight"),
        ({"window": "middle"}, "unknown window 'middle'.*uniform, early, mid, late"),
        ({"window": "mid"}, "'mid' holds no checkpoint at num_checkpoints 2"),
        ({"points": {"2of4": 1.0}}, "2of4"),
        ({"points": {"1of2": 0.5}}, "tms.points: the weights sum to 0.5"),
    ],
)
def test_what_is_no_distribution_is_refused_by_name(settings, message):
    with pytest.raises(InputError, match=message):
        checkpoint_weights(**{"num_checkpoints": 2} | settings)


@pytest.mark.parametrize("alpha", [1.5, -0.1, math.nan])
def test_alpha_is_a_probability(alpha):
    with pytest.raises(InputError, match=f"tms.alpha: {alpha}"):
        MixtureWeights(alpha, ("1of1",), (1.0,))
