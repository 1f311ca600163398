"""Names and steps of checkpoints."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.io.errors import InputError
from tms.mixture.checkpoints import evenly_spaced, parse_point, point_name, step_of


@given(st.fractions(0, 1, max_denominator=1000))
def test_a_point_and_its_name_are_one(point):
    assert parse_point(point_name(point)) == point


@pytest.mark.parametrize(
    "name",
    [
        "",
        "of",
        "3",
        "3of",
        "of10",
        "2of4",
        "0of2",
        "3of2",
        "1of0",
        "-1of2",
        "3/10",
        "03of10",
        "³of10",
        "1of1of1",
    ],
)
def test_other_names_are_refused(name):
    with pytest.raises(InputError, match="write a reduced fraction"):
        parse_point(name)


def test_ten_points_by_hand():
    names = ["1of10", "1of5", "3of10", "2of5", "1of2", "3of5", "7of10", "4of5", "9of10", "1of1"]
    assert evenly_spaced(10) == names


@given(st.integers(1, 40), st.integers(0, 500))
def test_steps_end_at_the_last_and_differ_where_there_are_enough(num_checkpoints, more):
    total = num_checkpoints + more
    steps = [step_of(name, total) for name in evenly_spaced(num_checkpoints)]
    assert steps[-1] == total
    assert steps[0] >= 1
    assert steps == sorted(set(steps))
    assert len(steps) == num_checkpoints


def test_steps_are_rounded_halves_up():
    assert [step_of(name, 59) for name in ("1of10", "1of2", "1of1", "0of1")] == [6, 30, 59, 0]
    assert step_of(point_name(Fraction(1, 2)), 5) == 3
