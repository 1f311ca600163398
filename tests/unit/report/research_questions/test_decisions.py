"""From differences to verdicts, in closed forms and as properties; several seeds may leave one open."""

import pytest
from helpers.verdict_cells import (
    CONTRADICTED,
    INCONCLUSIVE,
    INDISTINGUISHABLE,
    SUPPORTED,
    difference,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.report.research_questions import duels, mechanism, outcome
from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.decisions import (
    FOR_THIS_RUN,
    MARGIN,
    any_differs,
    by_direction,
    conclude,
    first_differs,
    over_seeds,
)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=6))
def test_turning_all_signs_turns_the_verdict(values):
    mirror = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED, INDISTINGUISHABLE: INDISTINGUISHABLE}
    own = [Contrast(value, -1, 1, p_value=p) for value, p in values]
    other = [Contrast(-value, -1, 1, p_value=p) for value, p in values]
    assert by_direction(other) == mirror[by_direction(own)]


@pytest.mark.parametrize(
    "value, examples, seeds, expected",
    [
        (0.017, 0.006, 0.183, INCONCLUSIVE),  # the examples alone would decide; the seeds hold both signs
        (-0.003, 0.007, 0.112, INCONCLUSIVE),  # neither decides: other seeds may make it either sign
        (-0.028, 0.0195, 0.022, INCONCLUSIVE),  # each alone is below 0, both together are not
        (0.1, 0.02, 0.05, SUPPORTED),
        (-0.1, 0.02, 0.05, CONTRADICTED),
        (0.03, 0.05, 0.01, INDISTINGUISHABLE),  # the seeds agree, the examples are too few
        (0.001, 0.01, 0.01, INDISTINGUISHABLE),  # within 2 points, shown
        (0.001, 0.01, 0.02, INCONCLUSIVE),  # not quite
        (0.017, 0.006, None, SUPPORTED + FOR_THIS_RUN),
        (-0.003, 0.007, None, INDISTINGUISHABLE + FOR_THIS_RUN),
    ],
)
def test_one_difference(value, examples, seeds, expected):
    own = difference(value, examples, seeds)
    verdict = over_seeds(by_direction, [own])
    assert conclude(verdict, "", "", [own]).verdict == expected


def test_what_is_inconclusive_is_not_of_this_run():
    """One of two differences has a single seed, the other may turn: that leaves no verdict to claim."""
    contrasts = [difference(0.1, 0.01), difference(0.0, 0.01, 0.2)]
    verdict = over_seeds(any_differs, contrasts)
    assert conclude(verdict, "", "", contrasts).verdict == INCONCLUSIVE


@pytest.mark.parametrize(
    "seeds, expected", [(0.01, SUPPORTED), (0.05, INCONCLUSIVE), (None, SUPPORTED + FOR_THIS_RUN)]
)
def test_a_task_that_other_seeds_may_lose_leaves_it_open(seeds, expected):
    """RQ1: above on one task; on another +- 1 point over seeds is no loss, +- 5 points may be one."""
    contrasts = [difference(0.1, 0.01, seeds and 0.01), difference(0.0, 0.001, seeds)]
    assert conclude(over_seeds(any_differs, contrasts), "", "", contrasts).verdict == expected
    turned = [difference(-one.value, 0.001, seeds) for one in contrasts]
    mirror = {SUPPORTED: CONTRADICTED, INCONCLUSIVE: INCONCLUSIVE}
    assert over_seeds(any_differs, turned) == mirror[expected.removesuffix(FOR_THIS_RUN)]


def test_differences_that_point_both_ways_are_settled():
    """No value of a third that other seeds may give would make it one way."""
    contrasts = [difference(0.1, 0.01, 0.01), difference(-0.1, 0.01, 0.01), difference(0.0, 0.01, 0.3)]
    assert over_seeds(any_differs, contrasts) == INDISTINGUISHABLE


@pytest.mark.parametrize(
    "value, examples, seeds, expected",
    [
        (0.0, 0.005, 0.015, SUPPORTED),  # both signs of a difference, and no loss of 2 points among them
        (0.0, 0.005, 0.03, INCONCLUSIVE),  # the seeds hold both sides of -2 points
        (-0.05, 0.005, 0.06, INCONCLUSIVE),
        (-0.05, 0.005, 0.02, CONTRADICTED),
        (0.0, 0.03, 0.005, INDISTINGUISHABLE),  # the examples are too few
        (-0.04, 0.03, 0.005, INDISTINGUISHABLE),
    ],
)
def test_non_inferiority_is_about_its_margin(value, examples, seeds, expected):
    one = difference(value, examples, seeds)
    assert over_seeds(outcome.no_shortfall, [one, difference(0.1, 0.01, 0.01)]) == expected


@pytest.mark.parametrize(
    "target, forgetting, expected",
    [
        ((0.1, 0.01, 0.02), (0.0, 0.005, 0.01), SUPPORTED),  # F holds both signs and no loss of 2 points
        ((0.1, 0.01, 0.02), (0.0, 0.005, 0.05), INCONCLUSIVE),
        ((0.1, 0.01, 0.02), (-0.1, 0.01, 0.02), INDISTINGUISHABLE),  # a trade, whatever the seeds
        ((0.083, 0.018, 0.095), (-0.086, 0.01, 0.102), INCONCLUSIVE),  # a trade that other seeds may undo
        ((0.1, 0.01, 0.02), (0.0, 0.03, 0.01), INCONCLUSIVE),  # a loss of a point would undo it
        ((0.1, 0.01, 0.02), (0.015, 0.04, 0.01), INDISTINGUISHABLE),  # no loss would take more examples
        ((0.0, 0.01, 0.01), (0.0, 0.01, 0.01), INDISTINGUISHABLE),  # within 2 points in both, shown
    ],
)
def test_dominance(target, forgetting, expected):
    pair = [difference(*target), difference(*forgetting)]
    assert over_seeds(duels.every, pair) == expected
    # A pair that is lost for sure settles it for all of them, whatever the first may be.
    lost = [difference(-0.1, 0.01, 0.01), difference(-0.1, 0.01, 0.01)]
    assert over_seeds(duels.every, [*pair, *lost]) == CONTRADICTED


def test_differences_that_decide_nothing_leave_nothing_open():
    """They enter the correction alone: what is said of the first is not theirs."""
    beside = difference(0.0, 0.01, 0.5)
    assert over_seeds(first_differs, [difference(0.0, 0.01, 0.01), beside], deciding=1) == INDISTINGUISHABLE
    assert over_seeds(first_differs, [difference(0.0, 0.01, 0.05), beside], deciding=1) == INCONCLUSIVE


FEW = settings(max_examples=50)
POINTS = st.integers(-150, 150).map(lambda number: number / 1000)
HALVES = st.integers(1, 120).map(lambda number: number / 1000)
DIFFERENCES = st.builds(difference, POINTS, HALVES, HALVES, st.integers(2, 5))


def holds(contrast, bound=0.0):
    """Whether the interval over seeds holds both sides of a bound."""
    low, high = contrast.over_seeds
    return low < bound < high


@given(DIFFERENCES)
def test_no_direction_is_claimed_where_the_seeds_hold_both_signs(one):
    verdict = over_seeds(by_direction, [one])
    if holds(one):
        assert verdict in (INDISTINGUISHABLE, INCONCLUSIVE)
    if verdict == INDISTINGUISHABLE and holds(one):
        assert one.low > -MARGIN and one.high < MARGIN


@FEW
@given(st.lists(DIFFERENCES, min_size=1, max_size=4))
def test_no_claim_over_tasks_where_other_seeds_may_lose_one(contrasts):
    verdict = over_seeds(any_differs, contrasts)
    if verdict in (SUPPORTED, CONTRADICTED):
        sign = 1 if verdict == SUPPORTED else -1
        assert any(not holds(one) and sign * one.value > 0 for one in contrasts)
        assert all(min(sign * end for end in one.over_seeds) > -MARGIN for one in contrasts)


@FEW
@given(st.lists(DIFFERENCES, min_size=1, max_size=4))
def test_no_claim_on_the_margin_where_the_seeds_hold_both_sides_of_it(contrasts):
    verdict = over_seeds(outcome.no_shortfall, contrasts)
    if verdict == SUPPORTED:
        assert not any(holds(one, -MARGIN) for one in contrasts)
    if verdict == CONTRADICTED:
        assert any(one.seeds_high < -MARGIN for one in contrasts)


@FEW
@given(st.lists(st.tuples(DIFFERENCES, DIFFERENCES), min_size=1, max_size=3))
def test_no_dominance_is_claimed_that_other_seeds_may_undo(found):
    contrasts = [one for pair in found for one in pair]
    verdict = over_seeds(duels.every, contrasts)
    won = [any(one.seeds_low > 0 for one in pair) for pair in found]
    kept = [all(one.seeds_low > -MARGIN for one in pair) for pair in found]
    if verdict == SUPPORTED:
        assert all(won) and all(kept)
    if verdict == CONTRADICTED:
        lost = [any(one.seeds_high < 0 for one in pair) for pair in found]
        spared = [all(one.seeds_high < MARGIN for one in pair) for pair in found]
        assert any(a and b for a, b in zip(lost, spared, strict=True))


RULES = [by_direction, any_differs, outcome.no_shortfall, duels.every, mechanism.at_every_scale]
ORDER = {CONTRADICTED: -1, INDISTINGUISHABLE: 0, SUPPORTED: 1}


@pytest.mark.parametrize("rule", RULES)
@given(values=st.lists(POINTS, min_size=4, max_size=4), rises=st.lists(HALVES, min_size=4, max_size=4))
def test_no_rule_falls_where_a_known_difference_rises(rule, values, rises):
    """So `over_seeds` may look at the ends of the intervals alone."""
    start = difference(0.0, 0.01, 0.01)
    lower = rule([start.at(value) for value in values])
    upper = rule([start.at(value + rise) for value, rise in zip(values, rises, strict=True)])
    assert ORDER[lower] <= ORDER[upper]


@FEW
@given(st.lists(DIFFERENCES, min_size=2, max_size=2), st.sampled_from(RULES))
def test_one_seed_has_the_verdict_of_its_run(contrasts, rule):
    alone = [one.alone for one in contrasts]
    assert over_seeds(rule, alone) == rule(alone)
    assert conclude(rule(alone), "", "", alone).verdict.endswith(FOR_THIS_RUN)
