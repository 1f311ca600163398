"""Digits of printed numbers, and words on the floor of divergences and on rounded updates."""

import pytest
from helpers.printed_numbers import exceeds
from helpers.report_cells import lookup
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tms.experiments.cells import cell
from tms.report.cell_lookup import Reading
from tms.report.precision import (
    Rounded,
    column_decimals,
    count,
    decimals,
    digits,
    exact,
    floor_words,
    p_value,
    rounded,
    rounding_words,
)
from tms.report.wording import PERCENT, spoken

UNITS = st.sampled_from(["share", "percent", "number", "count"])
# Three numbers in ascending order: the bounds of an interval and a value within.
ORDERED = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(sorted)


def number(text):
    return float(text.replace(",", ""))


@pytest.mark.parametrize(
    ("reading", "unit", "shown"),
    [
        (Reading(0.6241, 0.581, 0.665), "share", Rounded("62", "58", "66")),
        (Reading(0.6241, 0.598, 0.649), "share", Rounded("62.4", "59.8", "64.9")),
        (Reading(0.6241, 0.42, 0.79), "share", Rounded("62", "42", "79")),
        (Reading(62.41, 58.1, 66.5), "percent", Rounded("62", "58", "66")),
        (Reading(0.012345, 0.0119, 0.0127), "number", Rounded("0.0123", "0.0119", "0.0127")),
        (Reading(12345.6, 9000, 15000), "count", Rounded("12,300", "9,000", "15,000")),
        (Reading(3.2, 2.9, 3.5), "count", Rounded("3", "3", "4")),
        (Reading(-0.0004, -0.01, 0.01), "share", Rounded("0.0", "-1.0", "1.0")),
        (Reading(0.5, n=100), "share", Rounded("50")),  # 40.4 to 59.6 by Wilson
        (Reading(0.5, n=10_000), "share", Rounded("50.0")),
        (Reading(1.0, 1.0, 1.0, n=150), "share", Rounded("100")),
        (Reading(12.345, n=400), "number", Rounded("12.3")),
        (Reading(1.2345), "number", Rounded("1.23")),
        (Reading(123456.4), "number", Rounded("123,456")),
        (Reading(0.0001), "number", Rounded("0.0001")),
        (Reading(1.6999), "number", Rounded("1.70")),
        (Reading(1e-9), "number", Rounded("0")),
        (Reading(0.62413), "share", Rounded("62.4")),
        (Reading(1e7), "count", Rounded("10,000,000")),
    ],
)
def test_numbers_have_the_digits_that_their_interval_carries(reading, unit, shown):
    assert rounded(reading, unit) == shown


def test_tens_are_rounded_unless_whole_numbers_are_asked_for():
    wide = Reading(0.541, 0.06, 1.0)
    assert rounded(wide, "share") == Rounded("50", "10", "100")
    assert rounded(wide, "share", least=0) == Rounded("54", "6", "100")
    assert (
        rounded(Reading(0.746, 0.72, 0.76), "share", least=0).value
        == rounded(Reading(0.746, 0.72, 0.76), "share").value
    )


def test_a_difference_has_its_sign_and_a_zero_has_none():
    shown = rounded(Reading(0.143, -0.05, 0.2), "share", sign=True)
    assert (shown.value, shown.interval) == ("+14", "-5 to +20")
    assert rounded(Reading(0.0001, -0.05, 0.05), "share", sign=True).value == "0"


@given(ORDERED, UNITS, st.booleans())
@example([0.35499, 0.4, 4.35499], "share", False)
def test_a_value_lies_in_its_rounded_interval_and_has_no_digit_beyond_it(numbers, unit, sign):
    low, value, high = numbers
    assume(high - low > 1e-9)
    shown = rounded(Reading(value, low, high), unit, sign)
    assert number(shown.low) <= number(shown.value) <= number(shown.high)
    assert not exceeds(shown.value, shown.low, shown.high)
    assert "e" not in shown.value and not shown.value.startswith("-0 ")


@given(ORDERED)
def test_rounding_moves_no_bound_by_more_than_a_seventh_of_the_half_width(numbers):
    low, value, high = numbers
    half = (high - low) / 2
    assume(half > 1e-5)
    shown = rounded(Reading(value, low, high))
    assert abs(number(shown.value) - value) <= half / 7 + 1e-7
    assert abs(number(shown.low) - low) <= half / 7 + 1e-7


def test_shares_of_a_column_have_as_many_decimals():
    coarse, fine = Reading(0.316, 0.277, 0.358), Reading(0.746, 0.72, 0.76)
    most = column_decimals([coarse, None, fine], "share")
    assert (most, rounded(fine, "share", most=most).value) == (0, "75")
    assert column_decimals([fine, Reading(0.0, 0.0, 0.0)], "share") == 1
    assert rounded(coarse, "number", most=column_decimals([coarse], "number")).value == "0.32"


@given(ORDERED, st.integers(-3, 6), st.booleans())
def test_rounding_keeps_the_order(numbers, places, sign):
    shown = [number(digits(x, places, sign)) for x in numbers]
    assert shown == sorted(shown)


@given(st.floats(1e-6, 1e6), st.floats(1, 10))
def test_a_wider_interval_carries_no_more_digits(half, times):
    assert decimals(half * times) <= decimals(half)


@pytest.mark.parametrize(
    ("value", "low", "high", "beyond"),
    [
        ("62.4", "57.6", "66.0", True),
        ("62", "57.6", "66.0", True),
        ("62", "58", "66", False),
        ("62.4", "61.2", "63.9", False),
        ("62.41", "61.2", "63.9", True),
        ("−3.25 %", "−9.1", "+4", True),
        ("1,234", "900", "1,600", True),
        ("1,230", "900", "1,600", False),
        ("0", "0", "0", False),
    ],
)
def test_digits_beyond_the_interval_are_found(value, low, high, beyond):
    assert exceeds(value, low, high) == beyond


def test_counts_settings_and_p_values():
    assert [count(x) for x in (1000, 1234567.8, 0.2)] == ["1,000", "1,234,568", "0"]
    assert [exact(x) for x in (0.25, 1e-05, 1e6, 3.0)] == ["0.25", "1e-05", "1,000,000", "3"]
    assert [p_value(p) for p in (0.0321, 0.0004, 0.001, 1.0)] == ["0.032", "< 0.001", "0.0010", "1.0"]


def test_a_reading_in_words_has_the_digits_of_each_of_its_intervals():
    reading = Reading(62.413, 58.21, 66.45, seeds_low=61.904, seeds_high=62.95)
    assert spoken("target", reading, PERCENT) == "target 62 % [58, 66], over seeds [61.9, 63.0]"


def measured(**values):
    cells = [
        cell("main", "tiny", quantity, value, method=method)
        for quantity, of_methods in values.items()
        for method, value in of_methods.items()
    ]
    return lookup(cells=cells)


def test_the_largest_floor_is_told():
    found = measured(
        **{"floor.kl_per_token": {"sft": 2e-7, "grpo": 4e-7}, "floor.nll_per_token": {"sft": 3e-6}}
    )
    words = floor_words(found)
    assert "4.0e-07 nats a token" in words and "3.0e-06 in NLL" in words
    assert floor_words(measured()) == ""


def test_rounded_updates_are_told_and_whole_ones_are_not():
    found = measured(
        **{
            "update.surviving": {"sft": 0.999, "grpo": 0.31},
            "update.changed": {"sft": 0.9, "grpo": 0.12},
        }
    )
    words = rounding_words(found, ["sft", "grpo", "tms"])
    assert "kept: GRPO 31 % (12 % of the weights differ from theta_0)." in words
    assert "SFT" not in words
    assert rounding_words(found, ["sft", "tms"]) == ""
