"""Rank correlations against scipy, and Pareto fronts drawn by hand."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from tms.experiments import cells
from tms.experiments.correlations import (
    FRONT_KL,
    PREDICTORS,
    Point,
    coefficient,
    pareto_cells,
    points,
    recipe_interval,
    recipe_p,
    relation_cells,
)

KL = "kl.policy_base.per_token"


def measured(quantity, values, prompts="", experiment="main"):
    """Cells of a quantity from values by (method, train task)."""
    return [
        cells.cell(experiment, "m", quantity, value, method=method, train_task=task, prompts=prompts)
        for (method, task), value in values.items()
    ]


def as_points(x, y, tasks=1):
    """Points of recipes of `tasks` train tasks each."""
    return [
        Point(f"m{place // tasks}", f"t{place % tasks}", *pair)
        for place, pair in enumerate(zip(x, y, strict=True))
    ]


def test_more_of_the_predictor_with_more_forgetting_is_positive():
    """Forgetting is stored as F <= 0; the correlation is with its magnitude."""
    forgetting = {("sft", "a"): -0.3, ("tms", "a"): -0.1, ("self_sft", "a"): -0.2, ("grpo", "a"): 0.0}
    kl = {("sft", "a"): 0.9, ("tms", "a"): 0.3, ("self_sft", "a"): 0.5, ("grpo", "a"): 0.1}
    chosen = points(
        measured("forgetting", forgetting) + measured(KL, kl, "heldout"),
        KL,
        "heldout",
        {name: name for name in ("sft", "tms", "self_sft")},
    )
    assert chosen == [
        Point("sft", "a", 0.9, 0.3),
        Point("tms", "a", 0.3, 0.1),
        Point("self_sft", "a", 0.5, 0.2),
    ]
    assert coefficient([*chosen, Point("grpo", "a", 0.1, 0.0)]) == (pytest.approx(1.0), "")


def test_what_is_trained_on_references_has_them_as_its_own_supervision():
    """RQ6 asks for every method's; SFT's targets are the references, and an on-policy method has none."""
    forgetting = {
        (name, "a"): -0.1 * place for place, name in enumerate(("sft", "dft", "tms", "self", "grpo"))
    }
    found = measured("forgetting", forgetting)
    to_references = {("sft", "a"): 0.9, ("dft", "a"): 0.8, ("tms", "a"): 0.3, ("grpo", "a"): 0.7}
    found += measured("pld_ref.per_token", to_references)
    found += measured("pld_own.per_token", {("tms", "a"): 0.5, ("self", "a"): 0.4})
    kinds = {"sft": "sft", "dft": "dft", "tms": "tms", "self": "self_sft", "grpo": "grpo"}
    cells_ = relation_cells("m", found, kinds, {name: name for name in kinds})
    (own,) = (
        cell
        for cell in cells_
        if (cell["quantity"], cell["method"], cell["group"]) == ("spearman.pld_own.per_token", "", "sft")
    )
    assert own["n"] == 4
    assert own["value"] == pytest.approx(spearmanr([0.9, 0.8, 0.5, 0.4], [0.0, 0.1, 0.2, 0.3]).statistic)


def test_a_method_of_several_experiments_is_one_point_and_what_was_not_measured_is_none():
    found = measured("forgetting", {("tms", "a"): -0.1, ("sft", "a"): -0.2, ("sft", ""): -0.2})
    found += measured(KL, {("tms", "a"): 0.3, ("sft", "a"): None, ("sft", ""): 0.2}, "heldout")
    found += measured("forgetting", {("tms", "a"): -0.9}, experiment="windows")
    found += measured(KL, {("tms", "a"): 0.9}, "heldout", "windows") + measured(
        KL, {("sft", "a"): 1.0}, "facts"
    )
    along = cells.cell(
        "main", "m", KL, 0.1, method="sft", train_task="a", prompts="heldout", checkpoint="1of2"
    )
    assert points([*found, along], KL, "heldout", {"sft": "sft", "tms": "tms"}) == [
        Point("tms", "a", 0.3, 0.1)
    ]


def test_too_few_points_and_equal_sides_have_no_value():
    assert coefficient(as_points([1, 2, 3], [1, 2, 3])) == (
        None,
        "not measured: 3 points of 3 recipes; it takes 4 of 3",
    )
    value, note = coefficient(as_points([1, 2, 3, 4], [1, 2, 3, 4], tasks=2))
    assert value is None and "4 points of 2 recipes" in note
    assert coefficient(as_points([1, 2, 3, 4], [0.0] * 4)) == (
        None,
        "not defined: one side is the same at all points",
    )


def test_points_of_one_recipe_are_resampled_together():
    """Five tasks with the same numbers hold as much as one, so the interval over recipes is the same."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 8))
    one = as_points(x, y)
    five = as_points(np.repeat(x, 5), np.repeat(y, 5), tasks=5)
    assert recipe_interval(five) == pytest.approx(recipe_interval(one))
    low, high = recipe_interval(one)
    assert low < spearmanr(x, y).statistic < high


@pytest.mark.slow
def test_intervals_over_recipes_cover_the_true_correlation():
    """200 simulated sets of 9 recipes with 2 tasks each; 95 % within three standard errors (1.5 points)."""
    generator = np.random.default_rng(1)

    def draw(methods):
        levels = generator.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=methods)
        return (levels[:, None, :] + 0.4 * generator.normal(size=(methods, 2, 2))).reshape(-1, 2)

    truth = spearmanr(draw(100_000)).statistic
    covered = 0
    for _ in range(200):
        low, high = recipe_interval(as_points(*draw(9).T, tasks=2))
        covered += low <= truth <= high
    assert 0.905 <= covered / 200 <= 0.995


def test_a_permutation_test_over_recipes():
    """A perfect order of 5 recipes: 1 of 120 in one direction, however many tasks repeat it."""
    x = np.arange(5.0)
    assert recipe_p(as_points(x, x)) == pytest.approx(2 / 120)
    assert recipe_p(as_points(np.repeat(x, 3), np.repeat(-x, 3), tasks=3)) == pytest.approx(2 / 120)
    assert recipe_p(as_points(x, [2.0, 1, 0, 1, 2])) == pytest.approx(1.0)
    assert recipe_p(as_points(x, x, tasks=2)) is None  # the last recipe has one task of two


@pytest.mark.slow
@pytest.mark.parametrize("within", [False, True])
def test_tasks_of_different_levels_make_no_finding(within):
    """Of 300 sets of 5 unrelated recipes, at most 5 % have p < 0.05, plus three standard errors."""
    generator = np.random.default_rng(3)
    found = 0
    for _ in range(300):
        levels = np.tile([0.0, 5.0], 5)
        x, y = levels + generator.normal(size=(2, 10))
        found += recipe_p(as_points(x, y, tasks=2), within) < 0.05
    assert found / 300 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_methods_of_one_recipe_are_one_point_their_mean():
    """tms_early lacks its KL on task b, so there the recipe is tms alone."""
    names = [(method, task) for method in ("sft", "tms", "tms_early") for task in "ab"]
    forgetting = dict(zip(names, (-0.3, -0.4, -0.1, -0.2, -0.2, -0.9), strict=True))
    kl = dict(zip(names, (1.0, 2.0, 3.0, 4.0, 5.0, None), strict=True))
    found = measured("forgetting", forgetting) + measured(KL, kl, "heldout")
    own = points(found, KL, "heldout", {"sft": "sft", "tms": "tms", "tms_early": "tms"})
    assert [(point.recipe, point.train_task) for point in own] == [
        ("sft", "a"),
        ("sft", "b"),
        ("tms", "a"),
        ("tms", "b"),
    ]
    assert [point[2:] for point in own] == [
        (1.0, 0.3),
        (2.0, 0.4),
        pytest.approx((4.0, 0.15)),
        (4.0, 0.2),
    ]


def test_a_recipe_is_left_out_with_all_its_methods():
    methods = ["sft", "self_sft", "final_sft", "tms", "tms_early", "tms_late"]
    kinds = {method: "tms" if method.startswith("tms") else method for method in methods}
    generator = np.random.default_rng(6)
    names = [(method, task) for method in methods for task in ("a", "b")]
    x, y = (dict(zip(names, side, strict=True)) for side in generator.normal(size=(2, 12)))
    found = relations(KL, "heldout", x, y, kinds, kinds)
    whole, *without = cells.select(found, quantity=f"spearman.{KL}", group="all")
    assert whole["n"] == 8 and "4 recipes" in whole["note"]
    assert [(cell["method"], cell["n"]) for cell in without] == [
        ("sft", 6),
        ("self_sft", 6),
        ("final_sft", 6),
        ("tms", 6),
    ]
    kept = [name for name in names if name[0] in methods[:3]]
    expected = spearmanr([x[name] for name in kept], [-y[name] for name in kept]).statistic
    assert without[-1]["value"] == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize("within", [False, True])
def test_near_copies_of_a_recipe_make_no_finding(within):
    """18 methods of 8 unrelated recipes, as in the miniature: p < 0.05 in 5 % of 400, not in 15 to 20 %."""
    generator = np.random.default_rng(7)
    sizes = [1] * 7 + [11]
    recipes = {f"m{place}": f"r{recipe}" for place, recipe in enumerate(np.repeat(range(8), sizes))}
    names = [(method, task) for method in recipes for task in ("a", "b")]
    wrong = {"recipes": 0, "methods": 0}
    for _ in range(400):
        sides = []
        for _ in range(2):
            levels = generator.normal(size=(8, 1)) + 0.6 * generator.normal(size=(8, 2)) + [0, 1.5]
            copies = np.repeat(levels, sizes, axis=0) + 0.2 * generator.normal(size=(18, 2))
            sides.append(dict(zip(names, copies.ravel(), strict=True)))
        found = measured(KL, sides[0], "heldout") + measured("forgetting", sides[1])
        wrong["recipes"] += recipe_p(points(found, KL, "heldout", recipes), within) < 0.05
        apart = {method: method for method in recipes}
        wrong["methods"] += recipe_p(points(found, KL, "heldout", apart), within) < 0.05
    slack = 3 * np.sqrt(0.05 * 0.95 / 400)
    assert abs(wrong["recipes"] / 400 - 0.05) < slack < wrong["methods"] / 400 - 0.05


KINDS = {"sft": "sft", "self_sft": "self_sft", "final_sft": "final_sft", "tms": "tms", "grpo": "grpo"}


def relations(predictor, prompts, x, y, kinds=KINDS, recipes=None):
    """Cells of one predictor, from values by (method, train task); without `recipes` each method is one."""
    found = measured("forgetting", y) + measured(predictor, x, prompts)
    return cells.select(
        relation_cells("m", found, kinds, recipes or {name: name for name in kinds}), prompts=prompts
    )


def test_a_recipe_is_left_out_at_a_time():
    generator = np.random.default_rng(2)
    names = [(method, task) for method in KINDS for task in ("a", "b")]
    x = dict(zip(names, generator.normal(size=10), strict=True))
    y = dict(zip(names, -generator.normal(size=10), strict=True))
    found = cells.select(relations(KL, "heldout", x, y), quantity=f"spearman.{KL}", group="all")
    whole, *without = found
    assert whole["value"] == pytest.approx(spearmanr(list(x.values()), [-v for v in y.values()]).statistic)
    assert (whole["n"], whole["method"]) == (10, "")
    values = {}
    for cell in without:
        kept = [name for name in names if name[0] != cell["method"]]
        values[cell["method"]] = spearmanr([x[name] for name in kept], [-y[name] for name in kept]).statistic
        assert cell["value"] == pytest.approx(values[cell["method"]]) and cell["n"] == 8
    assert list(values) == list(KINDS)
    low, high = min(values.values()), max(values.values())
    assert f"association only; without one recipe {low:.2f} to {high:.2f}" in whole["note"]
    assert "5 recipes; too few for an interval" in whole["note"] and whole["ci_low"] is None
    assert 0 < whole["p_value"] <= 1 and without[0]["p_value"] is None


def test_enough_recipes_have_an_interval():
    generator = np.random.default_rng(4)
    names = [(f"tms{place}", task) for place in range(6) for task in ("a", "b")]
    x, y = generator.normal(size=(2, 12))
    found = relations(
        KL,
        "heldout",
        dict(zip(names, x, strict=True)),
        dict(zip(names, -y, strict=True)),
        kinds={method: "tms" for method, _ in names},
    )
    chosen = [Point(*name, *pair) for name, pair in zip(names, zip(x, y, strict=True), strict=True)]
    for quantity, within in (("spearman", False), ("spearman_within", True)):
        (cell,) = cells.select(found, quantity=f"{quantity}.{KL}", group="all", method="", train_task="")
        assert (cell["ci_low"], cell["ci_high"]) == recipe_interval(chosen, within)
        assert cell["p_value"] == recipe_p(chosen, within)
        assert "6 recipes" in cell["note"] and "too few" not in cell["note"]


def test_on_policy_methods_have_no_divergence_from_labels():
    """grpo would turn the correlation around; it counts for the KL of all methods, never for PLD."""
    y = {("sft", "a"): -0.4, ("self_sft", "a"): -0.3, ("final_sft", "a"): -0.2, ("tms", "a"): -0.1}
    x = {name: -value for name, value in y.items()} | {("grpo", "a"): 9.0}
    y |= {("grpo", "a"): 0.0}
    of_pld = cells.select(relations("pld_ref.per_token", "", x, y), quantity="spearman.pld_ref.per_token")
    assert {cell["group"] for cell in of_pld} == {"sft"}
    assert of_pld[0]["value"] == pytest.approx(1.0) and of_pld[0]["n"] == 4
    of_kl = {
        cell["group"]: cell
        for cell in cells.select(relations(KL, "heldout", x, y), quantity=f"spearman.{KL}", method="")
    }
    assert of_kl["sft"]["value"] == pytest.approx(1.0) and of_kl["sft"]["n"] == 4
    assert of_kl["all"]["value"] == pytest.approx(0.0) and of_kl["all"]["n"] == 5


def test_tasks_that_differ_cannot_make_a_correlation_within():
    """Simpson's paradox: task b drifts and forgets more; within each, more drift goes with less."""
    methods = list(KINDS)[:4]
    x = {(name, task): place + 10 * (task == "b") for task in "ab" for place, name in enumerate(methods)}
    y = {(name, task): place - 10 * (task == "b") - 3 for task in "ab" for place, name in enumerate(methods)}
    found = relations(KL, "heldout", x, y)
    (whole,) = cells.select(found, quantity=f"spearman.{KL}", group="all", method="")
    within = cells.select(found, quantity=f"spearman_within.{KL}", group="all")
    assert whole["value"] > 0.5 and whole["p_value"] == 1.0  # less than the tasks' levels alone would make
    assert within[0]["train_task"] == "" and within[0]["p_value"] == pytest.approx(2 / 24)
    assert {cell["train_task"]: cell["value"] for cell in within} == pytest.approx(
        {"": -1.0, "a": -1.0, "b": -1.0}
    )


def test_nothing_measured_is_said_for_each_predictor():
    found = relation_cells("m", [], KINDS, {name: name for name in KINDS})
    assert len(found) == 2 * sum(len(families) for _, _, families in PREDICTORS)
    assert all(cell["value"] is None and "0 points of 0 recipes" in cell["note"] for cell in found)


def test_fronts_of_methods_over_all_runs():
    found = measured(
        "target_mean", {("base", ""): 0.1, ("sft", ""): 0.9, ("tms", ""): 0.8, ("tms", "a"): 9.0}
    )
    found += measured("forgetting", {("base", ""): 0.0, ("sft", ""): -0.3, ("tms", ""): -0.1})
    found += measured(FRONT_KL, {("sft", ""): 1.0, ("tms", ""): 2.0}, "heldout")
    front = pareto_cells("m", found, ["sft", "tms", "self_sft"])
    assert [(cell["quantity"], cell["prompts"], cell["method"], cell["value"]) for cell in front] == [
        ("pareto.forgetting", "", "sft", 1.0),
        ("pareto.forgetting", "", "tms", 1.0),
        ("pareto.kl", "heldout", "sft", 1.0),
        ("pareto.kl", "heldout", "tms", 0.0),  # less accurate and further from the base
    ]
