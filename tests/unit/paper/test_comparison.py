"""Intervals beside the paper's numbers hold both sources of variance."""

import pytest

from tms.paper.comparison import interval


def cell(seeds=(None, None), examples=(0.57, 0.63)):
    return {
        "value": 0.60,
        "ci_low": examples[0],
        "ci_high": examples[1],
        "seeds_low": seeds[0],
        "seeds_high": seeds[1],
    }


def test_half_widths_add_as_squares():
    """Examples +-3 and seeds +-4 points make +-5: 64.5 is inside, and outside of either one."""
    low, high, words = interval(cell(seeds=(0.56, 0.64)))
    assert (low, high) == (pytest.approx(0.55), pytest.approx(0.65))
    assert words == "interval over test examples and seeds"


def test_one_seed_has_the_interval_over_examples_and_no_examples_have_none():
    assert interval(cell()) == (0.57, 0.63, "interval over test examples")
    assert interval(cell(examples=(None, None)))[:2] == (None, None)
