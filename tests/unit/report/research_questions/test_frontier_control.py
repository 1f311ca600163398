"""The frontier control: its verdict, averages beside it, and where each front is higher."""

import math

import pytest
from helpers.verdict_cells import (
    CONTRADICTED,
    INCONCLUSIVE,
    INDISTINGUISHABLE,
    SUPPORTED,
    front,
    front_points,
    measured,
    rows,
    verdict,
)
from scipy.stats import norm


@pytest.mark.parametrize(
    "difference, p_value, expected",
    [
        (0.1, 0.01, SUPPORTED),
        (-0.1, 0.01, CONTRADICTED),
        (0.1, 0.2, INDISTINGUISHABLE),
        (-0.1, 0.05, INDISTINGUISHABLE),
    ],
)
def test_frontier(difference, p_value, expected):
    assert verdict("Frontier", front(difference, p_value))[0] == expected
    (row,) = rows("Frontier", front(difference, p_value)).values()
    assert (row["value"], row["p_value"], row["unit"]) == (difference, pytest.approx(p_value), "area")


@pytest.mark.parametrize("against", [-0.05, 0.05])
def test_averages_on_the_frontier_are_told_and_decide_nothing(against):
    where = {"group": "average", "prompts": "test", "p_value": 0.02}
    cells = front(0.1, 0.03)
    cells.append(measured("frontier", "average", "area", 0.15, group="average", prompts="test", note="some"))
    cells.append(measured("frontier", "tms", "area_difference", against, **where))
    cells += [one for side in ("sft", "tms") for one in front_points(side, [(0.6, -0.1)])]
    cells += front_points("average", [(0.6, -0.05)])
    outcome, evidence = verdict("Frontier", cells)
    assert outcome == SUPPORTED
    assert "SFT 0.1000 (3 of 9 points selected); Averaged 0.1500 (some)." in evidence
    told = rows("Frontier", cells)
    assert [(row["value"], row["decides"]) for row in told.values()] == [(0.1, True), (against, False)]
    assert list(told) == ["TMS's area - SFT's", "TMS's area - weight averaging's"]
    assert [row["p_value"] for row in told.values()] == pytest.approx([0.03, 0.02])  # a family each
    assert "both fronts are the same" in evidence and "Averaged's is higher at target acc" in evidence


@pytest.mark.parametrize(
    "p_value, seeds, expected",
    [
        (0.01, (-0.1, 0.3), INCONCLUSIVE),  # other runs may turn it around
        (0.01, (0.09, 0.11), SUPPORTED),
        (0.01, None, "supported for this run"),
        (0.5, (-0.1, 0.3), INCONCLUSIVE),
        (0.5, None, "indistinguishable for this run"),
    ],
)
def test_a_verdict_holds_for_other_runs_or_says_for_this_run(p_value, seeds, expected):
    low, high = seeds or (None, None)
    one = {"seeds": len(seeds or [0]), "seeds_low": low, "seeds_high": high}
    cells = front(0.1, p_value, **one)
    assert verdict("Frontier", cells)[0] == expected
    half = 0.1 * norm.ppf(0.975) / norm.isf(p_value / 2)
    both = math.hypot(half, (high - low) / 2) if seeds else half
    (row,) = rows("Frontier", cells).values()
    assert (row["examples_low"], row["examples_high"]) == pytest.approx((0.1 - half, 0.1 + half))
    assert (row["low"], row["high"]) == pytest.approx((0.1 - both, 0.1 + both))
    assert (row.get("seeds_low"), row.get("seeds_high")) == (low, high)


@pytest.mark.parametrize(
    "sft, tms, expected",
    [
        (
            [(0.6, -0.1), (0.8, -0.3)],
            [(0.5, 0.0), (0.7, -0.2)],
            "the fronts cross: TMS's is higher at target accuracies up to 50.0 %; SFT's is higher at target "
            "accuracies from 50.0 to 60.0 %; TMS's is higher at target accuracies from 60.0 to 70.0 %; "
            "SFT's is higher at target accuracies from 70.0 to 80.0 %.",
        ),
        (
            [(0.6, -0.1)],
            [(0.6, -0.1), (0.7, -0.2)],
            "the fronts do not cross: TMS's is higher at target accuracies from 60.0 to 70.0 %.",
        ),
        ([(0.6, -0.1)], [(0.6, -0.1)], "both fronts are the same."),
    ],
)
def test_a_larger_area_is_said_not_to_be_higher_everywhere(sft, tms, expected):
    cells = front(0.1, 0.01) + front_points("sft", sft) + front_points("tms", tms)
    off = front_points("tms", [(0.99, 0.0)])
    cells += [one | {"note": "", "checkpoint": "9of10"} for one in off]  # not selected
    cells += [one | {"note": "", "prompts": "validation"} for one in off]
    assert verdict("Frontier", cells)[1].endswith(f" By the measured values {expected}")


@pytest.mark.parametrize(
    "note, expected",
    [
        ("selected", "both fronts"),
        ("selected: tms", "TMS's is higher at target accuracies from 60.0 to 70.0 %."),
    ],
)
def test_theta_0_is_on_the_fronts_that_selected_it(note, expected):
    base = {"group": "base", "prompts": "test", "note": note}
    cells = front(0.1, 0.01) + front_points("sft", [(0.6, -0.1)]) + front_points("tms", [(0.6, -0.1)])
    cells += [measured("frontier", "base", "target_mean", 0.7, **base)]
    cells += [measured("frontier", "base", "forgetting", -0.2, **base)]
    assert expected in verdict("Frontier", cells)[1]
