"""Verdicts on tasks (RQ5), KL and PLD (RQ6) and scale (RQ7)."""

import math

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
    versus,
    without_seeds,
)

from tms.config.suite import Suite
from tms.experiments.diversity_cells import WHOLE
from tms.report.research_questions.decisions import FOR_THIS_RUN
from tms.report.research_questions.questions import answer


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
    assert f"(p = {2 * 2 / math.factorial(6):.2g})" in evidence
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
    cells = [*law(kl, ref), relation("pld_own", own, "sft")]
    outcome, evidence = verdict("RQ6", cells)
    assert outcome == expected
    assert "PLD to own supervision / sequence holds the entropy of each supervision and decides" in evidence
    told = {label: (row["value"], row["decides"]) for label, row in rows("RQ6", cells).items()}
    assert told == {
        "KL(policy || base) / sequence": (kl, True),
        "PLD to references / sequence": (ref, True),
        "PLD to own supervision / sequence": (own, False),
    }
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
    assert "4 recipes are too few for a test: they have so few orders" in evidence
    assert "below 0.167; it takes 5" in evidence
    # Of four points no three are correlated, so none of the cells without one recipe has a value.
    alone = [cell for cell in law(0.9, 0.9, recipes=4) if not cell["method"]]
    assert "4 recipes are too few for a test" in verdict("RQ6", alone)[1]
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
        assert "nan" not in evidence
        told = rows("RQ6", cells)["KL(policy || base) / sequence"]
        assert told["value"] == 0.8 and "low" not in told and told["p_value"] == 2 * how["p_value"]


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


def test_less_forgetting_at_a_price_is_not_told_as_none():
    (entry,) = answer(scales((0.6, -0.1)), SUITE, None)
    fact = "TMS was neither better than SFT at every scale nor clearly worse at one"
    assert entry["sentence"].startswith(fact)


def scales(others, half=0.01):
    cells = [*plane("sft", 0.7, -0.2, half=half), *plane("tms", 0.7, -0.1, half=half)]
    large = {"model": "large", "half": half}
    return [*cells, *plane("sft", 0.7, -0.2, **large), *plane("tms", *others, **large)]


def test_no_loss_at_any_scale_has_to_be_shown():
    """Intervals of +- 2.8 points of each difference hold a loss of more than 2."""
    assert verdict("RQ7", scales((0.7, -0.1), half=0.02))[0] == INDISTINGUISHABLE
    # Below on the targets, and F +- 2.8 points may hold a gain that pays for it.
    assert verdict("RQ7", scales((0.6, -0.2), half=0.02))[0] == INDISTINGUISHABLE


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
