"""Verdicts that ask whether a method dominates others: mixtures (RQ4), TMS with TrSFT, pilots (RQ11, 12)."""

from dataclasses import replace

import pytest
from helpers.verdict_cells import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUITE,
    SUPPORTED,
    measured,
    plane,
    rows,
    verdict,
    versus_tms,
)

from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.decisions import dominance


@pytest.mark.parametrize(
    "tms, trsft, expected",
    [
        ((0.6, -0.1), (0.7, -0.3), SUPPORTED),
        ((0.8, -0.1), (0.6, -0.3), CONTRADICTED),
        ((0.7, -0.1), (0.6, -0.3), INDISTINGUISHABLE),
        ((0.8, -0.3), (0.6, -0.3), INDISTINGUISHABLE),  # a trade
    ],
)
def test_combination(tms, trsft, expected):
    cells = [*plane("tms_trsft", 0.7, -0.1), *plane("tms", *tms), *plane("trsft", *trsft)]
    outcome, evidence = verdict("TrSFT", cells)
    assert outcome == expected
    words = {SUPPORTED: "dominates", CONTRADICTED: "is dominated by"}
    assert f"TMS with TrSFT {words.get(expected, 'neither dominates nor is by')} TMS;" in evidence


def test_the_combination_is_tested_in_pairs():
    """The same numbers with wide intervals: the paired tests on the same examples decide."""
    methods = (("tms_trsft", 0.7), ("tms", 0.69), ("trsft", 0.69))
    cells = [cell for method, value in methods for cell in plane(method, value, -0.1, half=0.1)]
    assert verdict("TrSFT", cells)[0] == INDISTINGUISHABLE
    for other in ("tms", "trsft"):
        for name, value, p_value in (("target_mean", 0.01, 0.001), ("forgetting", 0.0, 1.0)):
            quantity = f"versus_{other}.{name}"
            cells.append(measured("main", "tms_trsft", quantity, value, half=0.005, p_value=p_value))
    assert verdict("TrSFT", cells)[0] == SUPPORTED
    assert all(row["paired"] for row in rows("TrSFT", cells).values())


@pytest.mark.parametrize("kind, question, other", [("tools", "RQ12", "RQ11"), ("images", "RQ11", "RQ12")])
@pytest.mark.parametrize(
    "tms, sft, expected",
    [
        ((0.7, -0.1), (0.7, -0.3), SUPPORTED),  # as good on the target, and forgets less
        ((0.7, -0.3), (0.7, -0.1), CONTRADICTED),
        ((0.8, -0.3), (0.7, -0.1), INDISTINGUISHABLE),  # a trade
    ],
)
def test_pilot(tms, sft, expected, kind, question, other):
    suite = replace(SUITE, pilot=kind)
    cells = [*plane("tms", *tms), *plane("sft", *sft)]
    assert verdict(question, cells, suite)[0] == expected
    assert "GRPO" not in verdict(question, cells, suite)[1]
    assert verdict(other, cells, suite)[0] == "not measured"
    beside = [*cells, *plane("grpo", 0.9, 0.0)]
    assert verdict(question, beside, suite)[0] == expected
    assert "GRPO decides nothing" in verdict(question, beside, suite)[1]
    assert len(rows(question, beside, suite)) == 4


SINGLES = (("mixture", "tms_theta0"), ("mixture", "tms_final"))


@pytest.mark.parametrize(
    "theta0, final, expected",
    [
        ((0.5, -0.1), (0.7, -0.3), SUPPORTED),
        ((0.8, -0.1), (0.7, -0.3), CONTRADICTED),  # one single checkpoint that dominates is enough
        ((0.7, -0.1), (0.7, -0.3), INDISTINGUISHABLE),
        ((0.8, -0.2), (0.7, -0.3), INDISTINGUISHABLE),  # more accurate, but it forgets more: a trade
    ],
)
def test_mixture(theta0, final, expected):
    cells = plane("tms", 0.7, -0.1)
    for (experiment, method), point in zip(SINGLES, (theta0, final), strict=True):
        cells += plane(method, *point, experiment=experiment)
    assert verdict("RQ4", cells)[0] == expected


@pytest.mark.parametrize("half, expected", [(0.015, SUPPORTED), (0.03, INDISTINGUISHABLE)])
def test_no_loss_has_to_be_shown(half, expected):
    """A difference in F of 0 +- 3 points is not significant, and no sign that nothing is lost."""
    cells = plane("tms", 0.7, -0.1)
    for experiment, method in SINGLES:
        cells += plane(method, 0.5, -0.1, experiment=experiment)
        cells.append(versus_tms(experiment, method, "target_mean", -0.2, 0.001))
        cells.append(versus_tms(experiment, method, "forgetting", 0.0, 1.0, half))
    assert verdict("RQ4", cells)[0] == expected
    for one in cells:
        if one["quantity"].startswith("versus"):
            bounds = {"ci_low": -one["ci_high"], "ci_high": -one["ci_low"]}
            bounds |= {"seeds_low": -one["seeds_high"], "seeds_high": -one["seeds_low"]}
            one |= bounds | {"value": -one["value"]}
    assert verdict("RQ4", cells)[0] == (CONTRADICTED if expected == SUPPORTED else expected)


def test_a_significant_loss_within_the_margin_is_no_dominance():
    better, worse = Contrast(0.1, 0.09, 0.11, p_value=0.001), Contrast(-0.01, -0.015, -0.005, p_value=0.001)
    assert dominance([better, worse]) == INDISTINGUISHABLE
    assert dominance([better]) == SUPPORTED


@pytest.mark.parametrize(
    "theta0, final, expected",
    [
        ((-0.02, 0.001), (-0.02, 0.001), SUPPORTED),  # the single checkpoints are below TMS
        ((0.02, 0.001), (-0.02, 0.001), CONTRADICTED),
        ((-0.02, 0.001), (-0.02, 0.06), INDISTINGUISHABLE),
    ],
)
def test_the_mixture_is_tested_in_pairs(theta0, final, expected):
    """Intervals of +- 10 points would hide 2 points; the paired tests of the single checkpoints decide."""
    cells = plane("tms", 0.7, -0.1, half=0.1)
    for (experiment, method), (value, p_value) in zip(SINGLES, (theta0, final), strict=True):
        cells += plane(method, 0.7 + value, -0.1, experiment=experiment, half=0.1)
        cells.append(versus_tms(experiment, method, "target_mean", value, p_value))
        cells.append(versus_tms(experiment, method, "forgetting", 0.0, 1.0))
    assert verdict("RQ4", cells)[0] == expected
    told = rows("RQ4", cells)
    assert told["Target mean, TMS - TMS, theta_0 only"]["value"] == pytest.approx(-100 * theta0[0])
    assert all(row["paired"] for row in told.values())


def test_what_is_not_paired_is_marked():
    cells = [*plane("tms", 0.7, -0.1), *plane("self_sft", 0.3, -0.5)]
    cells += plane("tms_alpha0", 0.5, -0.3, experiment="mixture")
    cells += plane("tms_theta0", 0.5, -0.3, experiment="mixture")
    cells += [
        versus_tms("mixture", "tms_theta0", name, -0.2, 0.001) for name in ("target_mean", "forgetting")
    ]
    assert verdict("RQ4", cells)[0] == SUPPORTED
    # TMS alpha0 beside Self-SFT, then TMS beside it, which decides nothing: target mean and F.
    unpaired = {label: row["decides"] for label, row in rows("RQ4", cells).items() if not row["paired"]}
    assert unpaired == {
        "Target mean, TMS alpha0 - Self-SFT": True,
        "Forgetting F, TMS alpha0 - Self-SFT": True,
        "Target mean, TMS - Self-SFT": False,
        "Forgetting F, TMS - Self-SFT": False,
    }


def test_the_mixture_beside_self_distillation_alone_decides_nothing():
    cells = [*plane("tms", 0.7, -0.1), *plane("self_sft", 0.3, -0.5), *plane("final_sft", 0.3, -0.5)]
    outcome, evidence = verdict("RQ4", cells)
    assert outcome == "not measured"
    assert "mix two causes" in evidence


def test_the_mixture_beside_methods_without_teacher_is_shown():
    """Self- and iterative SFT dominate TMS by far, and the verdict stays."""
    cells = [*plane("tms", 0.7, -0.1), *plane("self_sft", 0.9, 0.0)]
    cells += plane("tms_theta0", 0.5, -0.3, experiment="mixture")
    cells += plane("iterative_sft", 0.9, 0.0, experiment="mixture")
    outcome, evidence = verdict("RQ4", cells)
    assert outcome == SUPPORTED
    assert evidence.endswith(" TMS beside methods that hold no teacher's answers decides nothing.")
    told = rows("RQ4", cells)
    for other in ("Self-SFT", "Iterative SFT"):
        row = told[f"Target mean, TMS - {other}"]
        assert (row["value"], row["decides"]) == (pytest.approx(-20.0), False)


def test_without_the_teacher_the_mixture_is_compared_with_self_distillation():
    cells = [*plane("tms", 0.7, -0.1), *plane("self_sft", 0.3, -0.5)]
    cells += plane("tms_alpha0", 0.3, -0.6, experiment="mixture")
    assert verdict("RQ4", cells)[0] == CONTRADICTED
