"""Verdicts on the research questions: each one can come out each way, and signs decide."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.experiments.diversity_cells import WHOLE
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.model_info import ModelInfo
from tms.report.research_questions.contrasts import Contrast, adjusted
from tms.report.research_questions.decisions import FOR_THIS_RUN, by_direction, dominance, shortfalls
from tms.report.research_questions.questions import QUESTIONS, answer

SUITE = Suite(
    targets=["chain", "count", "sort"], retention=["facts"], views={"chain5": "chain"}, safety=["guard"]
)
SMALL = Suite(targets=["chain"], retention=["facts"])


def measured(experiment, method, quantity, value, half=None, **others):
    """A cell with an interval of +- half around its value, of three seeds that agree.

    Without a width, a difference with a p-value has the interval that goes with it, others +- 0.01.
    """
    if half is None:
        p_value = others.get("p_value", 1)
        half = abs(value) * norm.ppf(0.975) / norm.isf(p_value / 2) if p_value < 1 else 0.01
    bounds = {"ci_low": value - half, "ci_high": value + half}
    bounds |= {"seeds": 3, "seeds_low": value, "seeds_high": value}
    return cell(experiment, others.pop("model", "m"), quantity, value, method=method, **(bounds | others))


def verdict(name, cells, suite=SUITE):
    answers = {entry["id"]: entry for entry in answer(cells, suite, "m")}
    return answers[name]["verdict"], answers[name]["evidence"]


def plane(method, target, forgetting, experiment="main", half=0.01, **others):
    return [
        measured(experiment, method, "target_mean", target, half, **others),
        measured(experiment, method, "forgetting", forgetting, half, **others),
    ]


def made(value, half, **others):
    """A difference with an interval of +- half around it over examples."""
    return Contrast.difference("", Reading(value, value - half, value + half, **others))


def versus(quantity, value, p_value):
    return measured("main", "tms", f"versus_sft.{quantity}", value, p_value=p_value)


def versus_tms(experiment, method, quantity, value, p_value, half=None):
    return measured(experiment, method, f"versus_tms.{quantity}", value, half, p_value=p_value)


def front(difference, p_value, **others):
    sides = [
        measured("frontier", side, "area", area, group=side, prompts="test", note="3 of 9 points selected")
        for side, area in (("tms", 0.2), ("sft", 0.1))
    ]
    others |= {"group": "tms", "prompts": "test", "p_value": p_value}
    return [*sides, measured("frontier", "tms", "area_difference", difference, **others)]


SUPPORTED, CONTRADICTED, INDISTINGUISHABLE = "supported", "contradicted", "indistinguishable"


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
    outcome, evidence = verdict("Frontier", front(difference, p_value))
    assert outcome == expected
    assert f"{difference:+.4f}" in evidence and f"p = {p_value:.3f}" in evidence


@pytest.mark.parametrize("against", [-0.05, 0.05])
def test_averages_on_the_frontier_are_told_and_decide_nothing(against):
    where = {"group": "tms", "prompts": "test", "p_value": 0.02}
    cells = front(0.1, 0.03)
    cells.append(measured("frontier", "average", "area", 0.15, group="average", prompts="test", note="some"))
    cells.append(measured("frontier", "tms", "area_difference_average", against, **where))
    cells += [one for side in ("sft", "tms") for one in front_points(side, [(0.6, -0.1)])]
    cells += front_points("average", [(0.6, -0.05)])
    outcome, evidence = verdict("Frontier", cells)
    assert outcome == SUPPORTED
    assert "SFT 0.1000 (3 of 9 points selected); Averaged 0.1500 (some)." in evidence
    assert "Difference +0.1000" in evidence
    assert f"Difference from weight averaging's {against:+.4f}" in evidence
    assert evidence.count("p = 0.040") == 2  # Holm's correction of 0.03 and 0.02
    assert "both fronts are the same" in evidence and "Averaged's is higher at target acc" in evidence


@pytest.mark.parametrize(
    "p_value, seeds, expected",
    [
        (0.01, (-0.1, 0.3), INDISTINGUISHABLE),  # other runs may turn it around
        (0.01, (0.09, 0.11), SUPPORTED),
        (0.01, None, "supported for this run"),
        (0.5, (-0.1, 0.3), INDISTINGUISHABLE),
        (0.5, None, "indistinguishable for this run"),
    ],
)
def test_a_verdict_holds_for_other_runs_or_says_for_this_run(p_value, seeds, expected):
    low, high = seeds or (None, None)
    one = {"seeds": len(seeds or [0]), "seeds_low": low, "seeds_high": high}
    outcome, evidence = verdict("Frontier", front(0.1, p_value, **one))
    assert outcome == expected
    half = 0.1 * norm.ppf(0.975) / norm.isf(p_value / 2)
    alone = f"{0.1 - half:+.4f} to {0.1 + half:+.4f}"
    if seeds:
        both = math.hypot(half, (high - low) / 2)
        assert f"95 % {0.1 - both:+.4f} to {0.1 + both:+.4f}, p = " in evidence
        assert f"; over examples alone {alone})" in evidence
    else:
        assert f"(95 % {alone} over examples alone, p = {p_value:.3f})" in evidence


def without_seeds(cells):
    """The same numbers, from one seed."""
    return [one | {"seeds": 1, "seeds_low": None, "seeds_high": None} for one in cells]


def front_points(side, points):
    """Selected points of a front, as (target accuracy, F) on test."""
    cells = []
    for place, pair in enumerate(points):
        own = {"group": side, "checkpoint": f"{place}of9", "prompts": "test", "note": "selected"}
        cells += [
            measured("frontier", side, name, value, **own)
            for name, value in zip(("target_mean", "forgetting"), pair, strict=True)
        ]
    return cells


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
    assert "point both ways" in verdict("RQ1", cells)[1]


@pytest.mark.parametrize(
    "value, p_value, expected",
    [(0.05, 0.001, SUPPORTED), (-0.05, 0.001, CONTRADICTED), (0.05, 0.06, INDISTINGUISHABLE)],
)
def test_forgetting(value, p_value, expected):
    cells = [*plane("sft", 0.7, -0.2), *plane("tms", 0.7, -0.2 + value), versus("forgetting", value, p_value)]
    outcome, evidence = verdict("RQ2", cells)
    assert outcome == expected
    assert f"{100 * value:+.1f} points" in evidence


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
    [(-0.015, 0.015, SUPPORTED), (-0.03, 0.03, INDISTINGUISHABLE), (None, None, SUPPORTED + FOR_THIS_RUN)],
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
    deciding, kept, guided = evidence.split("eciding nothing")
    assert "Retention mean, TMS - GRPO: -10.0 points" in kept and "TRAPO" not in deciding + kept
    assert "Target mean, TMS - TRAPO: -20.0 points" in guided
    assert "Forgetting F, TMS - TRAPO: -10.0 points" in guided


@pytest.mark.parametrize("value, p_value, said", [(0.1, 0.01, 0), (0.1, 0.2, 1), (-0.1, 0.01, 1)])
def test_parity_says_where_a_rival_did_not_learn(value, p_value, said):
    cells = [*plane("grpo", 0.70, -0.10, half=0.001), *plane("tms", 0.70, -0.10, half=0.001)]
    cells.append(measured("main", "grpo", "delta.target_mean", value, p_value=p_value))
    outcome, evidence = verdict("RQ3", cells)
    assert outcome == SUPPORTED
    assert evidence.count("GRPO is not above the base") == said


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
    outcome, evidence = verdict("TrSFT", cells)
    assert outcome == SUPPORTED and "unpaired" not in evidence


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
    outcome, evidence = verdict("RQ4", cells)
    assert outcome == expected
    assert f"{-100 * theta0[0]:+.1f} points" in evidence
    assert "independent" not in evidence and "unpaired" not in evidence


def test_what_is_not_paired_is_marked():
    cells = [*plane("tms", 0.7, -0.1), *plane("self_sft", 0.3, -0.5)]
    cells += plane("tms_alpha0", 0.5, -0.3, experiment="mixture")
    cells += plane("tms_theta0", 0.5, -0.3, experiment="mixture")
    cells += [
        versus_tms("mixture", "tms_theta0", name, -0.2, 0.001) for name in ("target_mean", "forgetting")
    ]
    outcome, evidence = verdict("RQ4", cells)
    assert outcome == SUPPORTED
    # TMS alpha0 beside Self-SFT, then TMS beside it, which decides nothing: target mean and F.
    deciding, other = evidence.split(" Deciding nothing, since these hold no teacher's answers: ")
    assert deciding.count(", unpaired;") == other.count(", unpaired;") == 2
    assert "TMS - Self-SFT" in other and "TMS - Self-SFT" not in deciding
    assert "marked unpaired combine two intervals as if independent" in evidence


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
    assert evidence.count("TMS - Self-SFT: -20.0 points") == 1
    assert evidence.count("TMS - Iterative SFT: -20.0 points") == 1


def test_without_the_teacher_the_mixture_is_compared_with_self_distillation():
    cells = [*plane("tms", 0.7, -0.1), *plane("self_sft", 0.3, -0.5)]
    cells += plane("tms_alpha0", 0.3, -0.6, experiment="mixture")
    assert verdict("RQ4", cells)[0] == CONTRADICTED


def tasks(gains, variety, gain_of="target"):
    suite = Suite(targets=[f"t{i}" for i in range(len(gains))], retention=["facts"])
    cells = []
    for task, gain, answers in zip(suite.targets, gains, variety, strict=True):
        # A share of solved prompts that falls as the answers rise: over all prompts there are as many.
        solved = 0.5 / answers if answers else 0.0
        for name, value in (("distinct_solutions", 0.5 if answers else 0.0), ("coverage_n", solved)):
            cells.append(measured("diversity", "base", name, value, train_task=task))
        for name in ("target", "forgetting"):
            cells.append(measured("main", "sft", name, 0.0, train_task=task))
            value = gain if name == gain_of else 0.0
            cells.append(measured("main", "tms", name, value, train_task=task))
    return cells, suite


UP = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]


@pytest.mark.parametrize(
    "gains, variety, expected",
    [
        (UP, [1, 2, 3, 4, 5, 6], SUPPORTED),
        (UP, [6, 5, 4, 3, 2, 1], CONTRADICTED),
        (UP, [3, 5, 1, 6, 2, 4], INDISTINGUISHABLE),
        (UP, [1, 1, 1, 1, 1, 1], INDISTINGUISHABLE),
    ],
)
@pytest.mark.parametrize("gain_of", ["target", "forgetting"])
def test_task_dependence(gains, variety, expected, gain_of):
    cells, suite = tasks(gains, variety, gain_of)
    assert verdict("RQ5", cells, suite)[0] == expected


def test_task_dependence_has_the_exact_permutation_test():
    cells, suite = tasks(UP, [1, 2, 3, 4, 5, 6])
    # Of 6! orders two are as extreme; Holm over two tests doubles it.
    evidence = verdict("RQ5", cells, suite)[1]
    assert f"(p = {2 * 2 / math.factorial(6):.3f})" in evidence
    assert f"p can be {2 * 2 / math.factorial(6):.3f} at the least" in evidence


@pytest.mark.parametrize("count, reachable, rho", [(2, "1.000", 0), (3, "0.667", 1), (4, "0.167", 1)])
def test_targets_that_no_order_could_make_significant_are_described(count, reachable, rho):
    cells, suite = tasks(UP[:count], range(1, count + 1))
    outcome, evidence = verdict("RQ5", cells, suite)
    assert outcome == "described"
    assert f"{count} targets are described and not tested" in evidence
    assert f"below {reachable}; it takes 5" in evidence
    assert evidence.count("rho = +1.00") == rho and "(p " not in evidence
    assert "t1 2.00 solutions, gain +2.0 in target and 0.0 points in F" in evidence.replace("+0.0", "0.0")
    assert verdict("RQ5", without_seeds(cells), suite)[0] == "described for this run"


def test_the_paper_s_targets_are_described():
    """MATH, GSM8K, Countdown and IFEval, whose responses are solutions as a whole; MMLU has none."""
    cells, suite = tasks([0.01, 0.02, 0.03, 0.04, 0.05], [2, 3, 4, 50, 0])
    cells = [
        c | {"value": None} if c["quantity"] == "distinct_solutions" and c["train_task"] == "t4" else c
        for c in cells
    ]
    for one in cells:
        if one["experiment"] == "diversity" and one["train_task"] == "t3":
            one["note"] = f"{WHOLE}; 128 samples a prompt"
    cells.append(measured("diversity", "base", "pass_at_1", 0.3, train_task="t0"))
    outcome, evidence = verdict("RQ5", cells, suite)
    assert outcome == "described"
    assert "solutions over 4 targets, with the gain in Own target: rho = +1.00" in evidence
    assert "t0 2.00 solutions (30 % of the samples are right), gain" in evidence
    assert "t3 50.00 solutions (whole responses), gain" in evidence
    assert evidence.endswith("Left out, without countable solutions: t4.")


def test_five_targets_are_enough():
    assert verdict("RQ5", *tasks(UP[:5], [1, 2, 3, 4, 5]))[0] == SUPPORTED


def test_a_correlation_of_single_runs_is_for_this_run():
    cells, suite = tasks(UP, [1, 2, 3, 4, 5, 6])
    assert verdict("RQ5", without_seeds(cells), suite)[0] == SUPPORTED + FOR_THIS_RUN
    assert verdict("RQ6", without_seeds(law(0.8, 0.7)))[0] == SUPPORTED + FOR_THIS_RUN


def test_a_target_without_countable_solutions_is_left_out():
    cells, suite = tasks([*UP, 0.9], [1, 2, 3, 4, 5, 6, 0])
    unknown = [
        c | {"value": None} if c["quantity"] == "distinct_solutions" and c["train_task"] == "t6" else c
        for c in cells
    ]
    assert verdict("RQ5", unknown, suite)[0] == SUPPORTED
    few = [
        c | {"value": None} if c["quantity"] == "distinct_solutions" and c["train_task"] > "t0" else c
        for c in cells
    ]
    assert verdict("RQ5", few, suite) == (
        "not measured",
        "Not measured: a comparison of targets needs two with countable solutions, not 1.",
    )


def relation(predictor, value, group, prompts="", left_out="", half=0.1, quantity="spearman", **others):
    quantity = f"{quantity}.{predictor}.per_sequence"
    others = {"p_value": 0.001 if abs(value) > 0.5 else 0.3} | others
    return measured("correlations", left_out, quantity, value, half, group=group, prompts=prompts, **others)


def law(kl, ref, recipes=6, **others):
    """Rank correlations of KL and PLD to references, over all recipes and without each."""
    cells, others = [], {"n": recipes * len(SUITE.targets)} | others
    for left_out in ["", *(f"m{place}" for place in range(recipes))]:
        cells.append(relation("kl.policy_base", kl, "all", "heldout", left_out, **others))
        cells.append(relation("pld_ref", ref, "sft", "", left_out, **others))
    return cells


@pytest.mark.parametrize(
    "kl, ref, own, expected",
    [
        (0.8, 0.7, 0.6, SUPPORTED),
        (0.8, 0.7, 0.0, SUPPORTED),
        (0.8, 0.0, 0.0, INDISTINGUISHABLE),
        (0.8, 0.0, 0.7, INDISTINGUISHABLE),  # PLD to own supervision decides nothing
        (0.0, 0.7, 0.0, INDISTINGUISHABLE),
        (0.8, 0.7, -0.6, SUPPORTED),
        (0.8, -0.7, 0.6, INDISTINGUISHABLE),
        (-0.8, 0.0, 0.6, CONTRADICTED),
        (0.0, 0.0, -0.6, INDISTINGUISHABLE),
        (0.0, -0.7, 0.0, CONTRADICTED),
        (0.0, 0.0, 0.0, INDISTINGUISHABLE),
    ],
)
def test_mechanism(kl, ref, own, expected):
    outcome, evidence = verdict("RQ6", [*law(kl, ref), relation("pld_own", own, "sft")])
    assert outcome == expected
    assert f"Deciding nothing, since it holds the entropy of each supervision: {'PLD to own'}" in evidence
    assert ("The two point in opposite directions" in evidence) == (kl * ref < 0)


@pytest.mark.parametrize(
    "p_kl, p_ref, expected",
    [(0.03, 0.03, INDISTINGUISHABLE), (0.02, 0.03, SUPPORTED), (0.02, 0.06, INDISTINGUISHABLE)],
)
def test_both_predictors_are_corrected_for(p_kl, p_ref, expected):
    cells = law(0.8, 0.7)
    cells[0]["p_value"], cells[1]["p_value"] = p_kl, p_ref
    assert verdict("RQ6", cells)[0] == expected


def test_recipes_that_no_order_could_make_significant_are_too_few():
    outcome, evidence = verdict("RQ6", law(0.9, 0.9, recipes=4))
    assert outcome == "not measured"
    assert "4 recipes have so few orders" in evidence and "below 0.167; it takes 5" in evidence
    # Of four points no three are correlated, so none of the cells without one recipe has a value.
    alone = [cell for cell in law(0.9, 0.9, recipes=4) if not cell["method"]]
    assert "4 recipes have so few orders" in verdict("RQ6", alone)[1]
    assert verdict("RQ6", law(0.9, 0.9, recipes=5))[0] == SUPPORTED


@pytest.mark.parametrize(
    "other", [{"left_out": "sft"}, {"quantity": "spearman_within", "train_task": "chain"}]
)
def test_a_law_that_hangs_on_one_recipe_or_on_the_tasks_is_none(other):
    cells = law(0.8, 0.7)
    assert verdict("RQ6", cells)[0] == SUPPORTED
    assert (
        verdict("RQ6", [*cells, relation("kl.policy_base", 0.1, "all", "heldout", **other)])[0] == SUPPORTED
    )
    outcome, evidence = verdict("RQ6", [*cells, relation("kl.policy_base", -0.1, "all", "heldout", **other)])
    assert outcome == INDISTINGUISHABLE
    assert "Without some recipe, or within" in evidence
    assert "another sign: KL(policy || base) / sequence." in evidence


def test_a_permutation_test_decides_before_the_interval():
    sure, unsure = {"p_value": 0.001}, {"p_value": 0.3}
    for how, expected in ((sure, SUPPORTED), (unsure, INDISTINGUISHABLE)):
        cells = law(0.8, 0.7, **how)
        for each in cells:  # few methods: no interval
            each["ci_low"] = each["ci_high"] = None
        outcome, evidence = verdict("RQ6", cells)
        assert outcome == expected
        assert "nan" not in evidence and "rho = +0.80 (p " in evidence


def test_a_contradiction_has_to_be_as_stable():
    cells = law(-0.8, 0.0)
    assert verdict("RQ6", cells)[0] == CONTRADICTED
    cells.append(relation("kl.policy_base", 0.1, "all", "heldout", left_out="sft"))
    assert verdict("RQ6", cells)[0] == INDISTINGUISHABLE


@pytest.mark.parametrize(
    "others, expected",
    [
        ((0.7, -0.1), SUPPORTED),
        ((0.7, -0.3), CONTRADICTED),  # forgets more
        ((0.6, -0.2), CONTRADICTED),  # below on targets for nothing
        ((0.6, -0.1), INDISTINGUISHABLE),  # below on targets, forgets less
        ((0.7, -0.2), INDISTINGUISHABLE),
    ],
)
def test_scale(others, expected):
    cells = scales(others)
    assert verdict("RQ7", cells)[0] == expected
    (entry,) = answer(cells, SUITE, None)  # over the models: that question alone
    assert (entry["id"], entry["verdict"]) == ("RQ7", expected)
    (entry,) = answer(without_seeds(cells), SUITE, None)
    assert entry["verdict"] == expected + FOR_THIS_RUN


def scales(others, half=0.01):
    cells = [*plane("sft", 0.7, -0.2, half=half), *plane("tms", 0.7, -0.1, half=half)]
    large = {"model": "large", "half": half}
    return [*cells, *plane("sft", 0.7, -0.2, **large), *plane("tms", *others, **large)]


def test_no_loss_at_any_scale_has_to_be_shown():
    """Intervals of +- 2.8 points of each difference hold a loss of more than 2."""
    assert verdict("RQ7", scales((0.7, -0.1), half=0.02))[0] == INDISTINGUISHABLE
    # Below on the targets, and F +- 2.8 points may hold a gain that pays for it.
    assert verdict("RQ7", scales((0.6, -0.2), half=0.02))[0] == INDISTINGUISHABLE


@pytest.mark.parametrize(
    "value, p_value, expected",
    [(0.1, 0.001, SUPPORTED), (-0.1, 0.001, CONTRADICTED), (0.1, 0.3, INDISTINGUISHABLE)],
)
def test_safety(value, p_value, expected):
    cells = [measured("main", method, "guard.over_refusal", 0.1) for method in ("sft", "tms")]
    outcome, evidence = verdict("RQ8", [*cells, versus("guard", value, p_value)])
    assert outcome == expected
    assert "Over-refusal on guard: TMS 10.0 %, SFT 10.0 %" in evidence


@pytest.mark.parametrize(
    "difference, p_value, expected",
    [
        (0.05, 0.001, SUPPORTED),
        (-0.05, 0.001, CONTRADICTED),
        (0.05, 0.2, INDISTINGUISHABLE),
        (0.05, 0.02, INDISTINGUISHABLE),  # Holm: one of three
    ],
)
def test_windows(difference, p_value, expected):
    where = {"group": "windows", "x": 0.7}
    cells = [
        measured("frontier", method, "retention_matched", value, **where)
        for method, value in (("tms", 0.9), ("tms_mid", 0.9 + difference), ("tms_late", 0.8))
    ]
    for method, quantity, value, p in (
        ("tms_mid", "retention", difference, p_value),
        ("tms_late", "retention", -0.1, 0.5),
        ("tms_mid", "forgetting", -0.1, 0.5),
    ):
        cells.append(
            measured("frontier", method, f"{quantity}_matched.versus_uniform", value, p_value=p, **where)
        )
    outcome, evidence = verdict("RQ9", cells)
    assert outcome == expected
    assert "TMS late 80.0" in evidence and "accuracy of 70.0 %" in evidence
    assert "interpolated, linearly between theta_0 and the checkpoints that all windows have" in evidence


@pytest.mark.parametrize(
    "curve, expected",
    [
        ({2: 0.6, 8: 0.9, 10: 0.7, 12: 0.7}, SUPPORTED),  # T = 8 is moderate too
        ({2: 0.6, 10: 0.7, 12: 0.8}, CONTRADICTED),
        ({2: 0.8, 10: 0.7, 12: 0.7}, CONTRADICTED),
        ({2: 0.7, 10: 0.7, 12: 0.6}, INDISTINGUISHABLE),
    ],
)
def test_checkpoints(curve, expected):
    cells = []
    for size, target in curve.items():
        method = "tms" if size == 10 else f"tms_t{size}"
        cells.append(measured("checkpoints", method, "target_mean", target, x=float(size)))
        cells.append(measured("checkpoints", method, "xfer", -0.1, x=float(size)))
    assert verdict("RQ10", cells)[0] == expected
    # Intervals of +- 40 points show nothing; paired with T = 10, the same numbers decide as before.
    vague = [one | {"ci_low": one["value"] - 0.4, "ci_high": one["value"] + 0.4} for one in cells]
    assert verdict("RQ10", vague)[0] == INDISTINGUISHABLE
    for size, target in curve.items():
        if size != 10:
            value = target - curve[10]
            vague.append(
                versus_tms("checkpoints", f"tms_t{size}", "target_mean", value, 0.001 if value else 1.0)
            )
            vague.append(versus_tms("checkpoints", f"tms_t{size}", "xfer", 0.0, 1.0))
    outcome, evidence = verdict("RQ10", vague)
    assert outcome == expected
    assert "unpaired" not in evidence


@pytest.mark.parametrize("question", [question.name for question in QUESTIONS])
def test_without_its_cells_no_question_is_answered(question):
    other = measured("else", "tms", "chain", 0.5)
    for suite in (SUITE, SMALL):
        outcome, evidence = verdict(question, [other], suite)
        assert outcome == "not measured"
        assert evidence.startswith("Not measured: ") and len(evidence) > len("Not measured: .")


def test_the_frontier_control_leads_and_the_paper_s_order_follows():
    assert [entry["id"] for entry in answer([], SUITE, "m")] == [
        "Frontier",
        *(f"RQ{i}" for i in range(1, 11)),
        "TrSFT",
    ]


def test_other_models_cells_do_not_answer_for_this_one():
    cells = [*plane("sft", 0.7, -0.2, model="other"), *plane("tms", 0.7, -0.1, model="other")]
    assert verdict("RQ2", cells)[0] == "not measured"


def test_the_cells_behind_a_verdict_are_listed():
    answers = {entry["id"]: entry for entry in answer(front(0.1, 0.01), SUITE, "m")}
    listed = {(entry["method"], entry["quantity"]) for entry in answers["Frontier"]["cells"]}
    assert listed == {("tms", "area_difference"), ("tms", "area"), ("sft", "area")}
    assert answers["RQ2"]["cells"] == []


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


def test_holm_corrects_over_a_question_s_comparisons():
    """The p-values are of the interval; what a table of more methods made of them does not count."""
    own = [Contrast(0.1, 0, 0.2, p_value=p) for p in (0.02, 0.03, 0.04)]
    assert [one.p_value for one in adjusted(own)] == pytest.approx([0.06, 0.06, 0.06])
    cells = [measured("main", name, "chain", 0.5) for name in ("sft", "tms")]
    corrected = versus("forgetting", 0.05, 0.001) | {"p_value": 0.7}
    assert verdict("RQ2", [*cells, corrected])[0] == SUPPORTED


@pytest.mark.parametrize("models, expected", [(1, CONTRADICTED), (2, INDISTINGUISHABLE)])
def test_one_of_several_models_that_forgets_more_is_corrected_for(models, expected):
    """p = 0.01 among the comparisons of two models (4) or of three (6) is 0.04 or 0.06 after Holm."""
    cells = []
    for place in range(models + 1):
        model = {"model": f"m{place}" if place else "m"}
        cells += [*plane("sft", 0.7, -0.2, **model), *plane("tms", 0.7, -0.2, **model)]
        p_value = 0.01 if place == 0 else 1.0
        value = -0.05 if place == 0 else 0.0
        one = versus("forgetting", value, p_value) | model
        cells += [one, versus("target_mean", 0.0, 1.0) | model]
    assert verdict("RQ7", cells)[0] == expected


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=6))
def test_turning_all_signs_turns_the_verdict(values):
    mirror = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED, INDISTINGUISHABLE: INDISTINGUISHABLE}
    own = [Contrast(value, -1, 1, p_value=p) for value, p in values]
    other = [Contrast(-value, -1, 1, p_value=p) for value, p in values]
    assert by_direction(other) == mirror[by_direction(own)]
