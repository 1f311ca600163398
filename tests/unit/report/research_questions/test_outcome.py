"""Verdicts on target accuracy (RQ1), forgetting (RQ2), parity (RQ3) and safety (RQ8), each in each way."""

import pytest
from helpers.verdict_cells import (
    CONTRADICTED,
    INCONCLUSIVE,
    INDISTINGUISHABLE,
    SUPPORTED,
    answered,
    made,
    measured,
    plane,
    rows,
    verdict,
    versus,
    versus_tms,
)
from scipy.stats import norm

from tms.report.research_questions.contrasts import Contrast, adjusted
from tms.report.research_questions.decisions import FOR_THIS_RUN, shortfalls


@pytest.mark.parametrize(
    "outcomes, expected",
    [
        ({"chain": (0.1, 0.01), "count": (0.0, 1.0)}, SUPPORTED),
        ({"chain": (-0.1, 0.01), "count": (0.0, 1.0)}, CONTRADICTED),
        ({"chain": (0.1, 0.2), "count": (-0.1, 0.3)}, INDISTINGUISHABLE),
        ({"chain": (0.1, 0.01), "count": (-0.1, 0.01)}, INDISTINGUISHABLE),
        ({"chain": (0.0, 1.0), "chain5": (-0.1, 0.01)}, CONTRADICTED),  # a view counts as well
    ],
)
def test_target(outcomes, expected):
    differences = {name: (0.0, 1.0) for name in ("chain", "count", "sort", "chain5")} | outcomes
    cells = [measured("main", name, "chain", 0.5) for name in ("sft", "tms")]
    cells += [versus(name, value, p_value) for name, (value, p_value) in differences.items()]
    assert verdict("RQ1", cells)[0] == expected


def test_differences_that_point_both_ways_are_said_to():
    cells = [measured("main", name, "chain", 0.5) for name in ("sft", "tms")]
    cells += [
        versus(n, v, 0.01) for n, v in {"chain": 0.1, "count": -0.1, "sort": 0.1, "chain5": 0.1}.items()
    ]
    entry = answered("RQ1", cells)
    assert entry["verdict"] == INDISTINGUISHABLE
    assert entry["sentence"] == (
        "TMS scored higher than SFT on three of four tasks and lower on count, and three seeds bear it out."
    )


@pytest.mark.parametrize(
    "value, p_value, expected",
    [(0.05, 0.001, SUPPORTED), (-0.05, 0.001, CONTRADICTED), (0.05, 0.06, INDISTINGUISHABLE)],
)
def test_forgetting(value, p_value, expected):
    cells = [*plane("sft", 0.7, -0.2), *plane("tms", 0.7, -0.2 + value), versus("forgetting", value, p_value)]
    assert verdict("RQ2", cells) == (expected, f"F of TMS is {100 * value - 20:.1f}, of SFT -20.0 points.")
    assert rows("RQ2", cells)["Forgetting F, TMS - SFT"]["value"] == pytest.approx(100 * value)


@pytest.mark.parametrize(
    "target, forgetting, half, expected",
    [
        (0.70, -0.10, 0.001, SUPPORTED),  # equal to the rival
        (0.69, -0.11, 0.001, SUPPORTED),  # a point below in both
        (0.60, -0.10, 0.001, CONTRADICTED),
        (0.80, -0.20, 0.001, CONTRADICTED),  # better in one does not make up for the other
        (0.70, -0.10, 0.05, INDISTINGUISHABLE),  # the interval holds more than the margin
    ],
)
def test_parity(target, forgetting, half, expected):
    cells = [*plane("grpo", 0.70, -0.10, half=half), *plane("tms", target, forgetting, half=half)]
    assert verdict("RQ3", cells)[0] == expected


@pytest.mark.parametrize(
    "target, expected", [(0.01, SUPPORTED), (0.03, CONTRADICTED), (0.02, INDISTINGUISHABLE)]
)
def test_parity_in_pairs(target, expected):
    """GRPO minus TMS with +- half a point each: the margin is 2 points."""
    cells = [*plane("grpo", 0.70 + target, -0.10, half=0.1), *plane("tms", 0.70, -0.10, half=0.1)]
    cells.append(versus_tms("main", "grpo", "target_mean", target, 0.001, half=0.005))
    cells.append(versus_tms("main", "grpo", "forgetting", 0.0, 1.0, half=0.005))
    assert verdict("RQ3", cells)[0] == expected


@pytest.mark.parametrize(
    "low, high, expected",
    [(-0.015, 0.015, SUPPORTED), (-0.03, 0.03, INCONCLUSIVE), (None, None, SUPPORTED + FOR_THIS_RUN)],
)
def test_parity_needs_the_runs_within_its_margin(low, high, expected):
    """Intervals over seeds that hold 0 are no doubt that TMS is within 2 points; those that reach it are."""
    cells = [*plane("grpo", 0.70, -0.10), *plane("tms", 0.70, -0.10)]
    for name in ("target_mean", "forgetting"):
        cells.append(versus_tms("main", "grpo", name, 0.0, 1.0, half=0.005))
        # The cell is of GRPO minus TMS, so its signs turn.
        cells[-1] |= {"seeds_low": high and -high, "seeds_high": low and -low}
    assert verdict("RQ3", cells)[0] == expected


def test_parity_is_contradicted_after_holm_s_correction_only():
    """A rival of two is ahead by an interval that leaves out the margin: p = 0.04 alone, 0.16 of four."""
    half = 0.01
    value = -0.02 - norm.isf(0.02) * half / norm.ppf(0.975)
    below, equal = (made(one, half) for one in (value, 0.0))
    assert shortfalls([below]) == pytest.approx([0.04])
    assert shortfalls([below, equal]) == pytest.approx([0.08, 1.0])
    cells = [*plane("grpo", 0.70, -0.10), *plane("reinforce", 0.70, -0.10), *plane("tms", 0.7, -0.1)]
    for rival, target in (("grpo", -value), ("reinforce", 0.0)):
        cells.append(versus_tms("main", rival, "target_mean", target, 0.001, half=half))
        cells.append(versus_tms("main", rival, "forgetting", 0.0, 1.0, half=half))
    assert verdict("RQ3", cells)[0] == INDISTINGUISHABLE


def test_parity_shows_what_decides_nothing():
    """Levels, mean retention and TRAPO stand in the evidence; a TRAPO far ahead leaves the verdict."""
    cells = [*plane("grpo", 0.70, -0.10, half=0.001), *plane("tms", 0.70, -0.10, half=0.001)]
    cells += [measured("main", "base", "target_mean", 0.31), *plane("trapo", 0.9, 0.0, half=0.001)]
    cells += [
        measured("main", name, "retention_mean", value) for name, value in (("grpo", 0.8), ("tms", 0.7))
    ]
    outcome, evidence = verdict("RQ3", cells)
    assert outcome == SUPPORTED
    assert "Target mean: Base 31.0, GRPO 70.0, TMS 70.0 %." in evidence
    assert "TRAPO decides nothing, since it learns from the teacher's answers too." in evidence
    told = {label: (row["value"], row["decides"]) for label, row in rows("RQ3", cells).items()}
    assert told == {
        "Target mean, TMS - GRPO": (pytest.approx(0.0), True),
        "Forgetting F, TMS - GRPO": (pytest.approx(0.0), True),
        "Retention mean, TMS - GRPO": (pytest.approx(-10.0), False),
        "Target mean, TMS - TRAPO": (pytest.approx(-20.0), False),
        "Forgetting F, TMS - TRAPO": (pytest.approx(-10.0), False),
    }


def test_parity_names_tms_at_the_rate_that_its_frontier_chooses():
    """At SFT's rate TMS forgets 9 points more than GRPO at GRPO's own; at a tenth of it, none."""
    cells = [*plane("grpo", 0.70, -0.01, half=0.001), *plane("tms", 0.70, -0.10, half=0.001)]
    own = {"group": "tms", "checkpoint": ""}
    cells.append(measured("frontier", "tms_lr10", "chosen.share", 0.5, x=0.02, **own))
    cells += [
        measured("frontier", "tms_lr10", name, value, prompts="test", **own)
        for name, value in (("target_mean", 0.71), ("forgetting", -0.001))
    ]
    outcome, evidence = verdict("RQ3", cells)
    assert outcome == CONTRADICTED
    assert "TMS, has target mean 71.0 % and F -0.1 on the test half. It decides nothing." in evidence


@pytest.mark.parametrize("value, p_value, said", [(0.1, 0.01, 0), (0.1, 0.2, 1), (-0.1, 0.01, 1)])
def test_parity_says_where_a_rival_did_not_learn(value, p_value, said):
    cells = [*plane("grpo", 0.70, -0.10, half=0.001), *plane("tms", 0.70, -0.10, half=0.001)]
    cells.append(measured("main", "grpo", "delta.target_mean", value, p_value=p_value))
    outcome, evidence = verdict("RQ3", cells)
    assert outcome == SUPPORTED
    assert evidence.count("GRPO is not above the base") == said


@pytest.mark.parametrize(
    "value, p_value, expected",
    [(0.1, 0.001, SUPPORTED), (-0.1, 0.001, CONTRADICTED), (0.1, 0.3, INDISTINGUISHABLE)],
)
def test_safety(value, p_value, expected):
    cells = [measured("main", method, "guard.over_refusal", 0.1) for method in ("sft", "tms")]
    outcome, evidence = verdict("RQ8", [*cells, versus("guard", value, p_value)])
    assert outcome == expected
    assert "Over-refusal on guard: TMS 10.0 %, SFT 10.0 %" in evidence


def test_holm_corrects_over_a_question_s_comparisons():
    """The p-values are of the interval; what a table of more methods made of them does not count."""
    own = [Contrast(0.1, 0, 0.2, p_value=p) for p in (0.02, 0.03, 0.04)]
    assert [one.p_value for one in adjusted(own)] == pytest.approx([0.06, 0.06, 0.06])
    cells = [measured("main", name, "chain", 0.5) for name in ("sft", "tms")]
    corrected = versus("forgetting", 0.05, 0.001) | {"p_value": 0.7}
    assert verdict("RQ2", [*cells, corrected])[0] == SUPPORTED
