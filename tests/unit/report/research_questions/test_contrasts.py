"""Differences between two methods: paired, or put together from two intervals."""

import math
from dataclasses import replace

import pytest
from helpers.verdict_cells import SUITE, measured, versus, without_seeds
from scipy.stats import norm

from tms.experiments.cells import cell
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.model_info import ModelInfo
from tms.report.research_questions.contrasts import Contrast


def contrast(cells, first, second, quantity):
    return Contrast.between(CellLookup(ModelInfo("m", {}, SUITE, {}), cells), first, second, quantity)


def test_intervals_combine_as_independent_normals():
    cells = [measured("main", "a", "chain", 0.6, 0.03), measured("main", "b", "chain", 0.5, 0.04)]
    gap = contrast(cells, ("main", "a"), ("main", "b"), "chain")
    assert (gap.low, gap.high) == pytest.approx((0.05, 0.15))  # 3-4-5
    error = 0.05 / norm.ppf(0.975)
    assert gap.p_value == pytest.approx(2 * norm.sf(0.1 / error))
    assert not gap.paired and gap.over_seeds == pytest.approx((0.1, 0.1))
    gap = contrast(without_seeds(cells), ("main", "a"), ("main", "b"), "chain")
    assert (gap.low, gap.high) == pytest.approx((0.05, 0.15)) and gap.of_one_run


def test_intervals_over_seeds_combine_too():
    spread = {"seeds_low": 0.3, "seeds_high": 0.9}, {"seeds_low": 0.1, "seeds_high": 0.9}
    cells = [measured("main", name, "chain", 0.5, **own) for name, own in zip("ab", spread, strict=True)]
    gap, half = contrast(cells, ("main", "a"), ("main", "b"), "chain"), math.hypot(0.5, 0.01, 0.01)
    assert gap.over_seeds == pytest.approx((-0.5, 0.5))  # 3-4-5
    assert (gap.low, gap.high) == pytest.approx((-half, half)) and gap.seeds == 3


def test_a_paired_test_wins_over_combined_intervals():
    cells = [measured("main", name, "chain", 0.5) for name in ("sft", "tms")] + [versus("chain", 0.2, 0.04)]
    gap = contrast(cells, ("main", "tms"), ("main", "sft"), "chain")
    assert (gap.value, gap.p_value, gap.paired) == (0.2, pytest.approx(0.04), True)


@pytest.mark.parametrize("alone, expected", [(0.3, 0.3), (0.001, 0.01), (None, 0.01)])
def test_runs_only_add_doubt_to_the_test_over_examples(alone, expected):
    """McNemar's exact test of few examples that differ may see less than the interval leaves out."""
    reading = Reading(0.02, 0.02 - 0.02 * norm.ppf(0.975) / norm.isf(0.005), 0.05, p_value=1.0)
    assert Contrast.difference("", replace(reading, p_uncorrected=alone)).p_value == pytest.approx(expected)


def test_the_second_ones_paired_test_counts_with_its_signs_turned():
    cells = [measured(place, name, "chain", 0.5) for place, name in (("main", "tms"), ("mixture", "m1"))]
    bounds = {"ci_low": 0.01, "ci_high": 0.05, "seeds_low": -0.01, "seeds_high": 0.05}
    cells.append(measured("mixture", "m1", "versus_tms.chain", 0.02, **bounds))
    gap = contrast(cells, ("main", "tms"), ("mixture", "m1"), "chain")
    assert (gap.value, gap.examples, gap.over_seeds) == (-0.02, (-0.05, -0.01), (-0.05, 0.01))
    assert (gap.low, gap.high) == pytest.approx(
        (-0.02 - math.hypot(0.03, 0.03), -0.02 + math.hypot(0.01, 0.03))
    )
    assert gap.paired and gap.direction == 0
    # As the first of the two it has them as they are; with one seed there is no interval over seeds.
    gap = contrast(without_seeds(cells), ("mixture", "m1"), ("main", "tms"), "chain")
    assert (gap.value, gap.low, gap.high, gap.over_seeds) == (0.02, pytest.approx(0.01), 0.05, None)
    assert gap.direction == 1 and gap.of_one_run


def test_a_number_without_an_interval_is_no_evidence():
    bare = [cell("main", "m", "chain", 0.5, method=name) for name in ("sft", "tms")]
    with pytest.raises(NotMeasuredError, match="chain of tms has no interval"):
        contrast(bare, ("main", "tms"), ("main", "sft"), "chain")
