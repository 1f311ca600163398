"""Rank correlations of forgetting with divergences over recipes, and Pareto fronts (RQ6, Figure 2).

Methods that share a recipe (variants of one mixture, harvested from one run) are near-copies: as points of
their own they would make a finding of nothing. So a recipe counts once, as the mean of its methods.
"""

from statistics import fmean
from typing import NamedTuple

import numpy as np

from tms.config.method_kinds import KINDS, REFERENCES
from tms.experiments import cells
from tms.experiments.pareto import nondominated
from tms.metrics.rank_correlation import weighted_spearman
from tms.metrics.statistics import RESAMPLES, percentiles

EXPERIMENT = "correlations"
UNITS = ["per_sequence", "per_token"]
# (quantity, its prompts, families of methods).
PREDICTORS = [
    *(
        (f"kl.{direction}.{unit}", prompts, ["all", "sft"])
        for direction in ("policy_base", "base_policy")
        for unit in UNITS
        for prompts in ("heldout", "retention")
    ),
    *((f"{pld}.{unit}", "", ["sft"]) for pld in ("pld_ref", "pld_own") for unit in UNITS),
]
FRONT_KL = "kl.policy_base.per_sequence"
# The ranks of three points have six orders, so even a perfect agreement says nothing.
FEWEST_POINTS = 4
# A bootstrap over two recipes draws a single one half of the time.
FEWEST_RECIPES = 3
# With fewer, a bootstrap over recipes is no 95 % interval (see `recipe_interval`).
ENOUGH_RECIPES = 6


class Point(NamedTuple):
    """A recipe's runs on one train task: a predictor, and the magnitude of forgetting, -F."""

    recipe: str
    train_task: str
    predictor: float
    magnitude: float


def points(measured: list[dict], quantity: str, prompts: str, recipes: dict[str, str]) -> list[Point]:
    """The points of a predictor: means over the methods of a recipe where both numbers were measured.

    Args:
        measured: cells of the method-wise experiments; of a method that several hold the first counts.
        quantity, prompts: the predictor's columns.
        recipes: recipe of each method that counts.
    """
    coordinates: dict[tuple[str, str], dict[str, float]] = {}
    for cell in measured:
        column = {(quantity, prompts): "predictor", ("forgetting", ""): "magnitude"}.get(
            (cell["quantity"], cell["prompts"])
        )
        if column and cell["train_task"] and not cell["checkpoint"] and cell["value"] is not None:
            sign = -1 if column == "magnitude" else 1
            key = cell["method"], cell["train_task"]
            coordinates.setdefault(key, {}).setdefault(column, sign * cell["value"])
    members: dict[tuple[str, str], list[dict[str, float]]] = {}
    for (method, task), values in coordinates.items():
        if method in recipes and len(values) == 2:
            members.setdefault((recipes[method], task), []).append(values)
    return [
        Point(*key, *(fmean(each[column] for each in group) for column in ("predictor", "magnitude")))
        for key, group in members.items()
    ]


def coefficient(chosen: list[Point], within: bool = False) -> tuple[float | None, str]:
    """Spearman's rank correlation of a predictor with -F, or None and why there is none.

    Args:
        chosen: the points.
        within: rank among the points of one train task, so that the tasks' own levels count for nothing.
    """
    recipes = {point.recipe for point in chosen}
    if len(chosen) < FEWEST_POINTS or len(recipes) < FEWEST_RECIPES:
        there = f"{len(chosen)} points of {len(recipes)} recipes"
        return None, f"not measured: {there}; it takes {FEWEST_POINTS} of {FEWEST_RECIPES}"
    value = float(weighted_spearman(*_sides(chosen), np.ones((1, len(chosen))), _strata(chosen, within))[0])
    return (None, "not defined: one side is the same at all points") if np.isnan(value) else (value, "")


def recipe_interval(chosen: list[Point], within: bool = False) -> tuple[float, float]:
    """Bounds of the 95 % bootstrap interval of `coefficient` over recipes.

    Recipes are resampled with all their points, which are not independent. In simulations with 1, 2 and 5
    points a recipe this interval covered the true correlation in 85 to 99 % of the cases with 6 to 17
    recipes, mostly 93 to 96 %, and in 70 to 95 % with 4; Fisher's interval, which takes points as
    independent, in 62 to 90 % with 2 or 5 points a recipe, however many recipes there were.

    Args: as for `coefficient`.
    """
    recipes = list(dict.fromkeys(point.recipe for point in chosen))
    m = len(recipes)
    drawn_RM = np.random.default_rng(0).multinomial(m, np.full(m, 1 / m), size=RESAMPLES)
    weights_RN = drawn_RM[:, [recipes.index(point.recipe) for point in chosen]]
    resampled = weighted_spearman(*_sides(chosen), weights_RN, _strata(chosen, within))
    return percentiles(resampled[~np.isnan(resampled)])


def recipe_p(chosen: list[Point], within: bool = False) -> float | None:
    """P-value of `coefficient`, doubled for two sides: that a recipe's forgetting could be any other's.

    Permutation test: each recipe gets the forgetting of another on all train tasks; exact where all orders of
    recipes can be tried. Unrelated numbers of 8 recipes, one of them of 11 near-copies, had p < 0.05 in 4 %
    of 3000 simulations (5 % within tasks); with methods as units, 17 % (22 %). Tasks of different levels make
    no finding: a correlation that is positive, but no more so than the levels alone make it, has a large
    p-value. None where a recipe lacks a task.

    Args: as for `coefficient`.
    """
    from scipy.stats import permutation_test, rankdata

    tasks = list(dict.fromkeys(point.train_task for point in chosen))
    recipes = list(dict.fromkeys(point.recipe for point in chosen))
    value, _ = coefficient(chosen, within)
    if value is None or len(chosen) != len(tasks) * len(recipes):
        return None
    by_place = {(point.recipe, point.train_task): point for point in chosen}
    sides = [
        np.array([[by_place[recipe, task][side] for task in tasks] for recipe in recipes]) for side in (2, 3)
    ]
    x_MT, y_MT = (rankdata(side, axis=0 if within else None).reshape(side.shape) for side in sides)
    # Sum of products of ranks if recipe m got the forgetting of recipe k.
    products_MM = x_MT @ y_MT.T
    m = np.arange(len(recipes))
    tested = permutation_test(
        (m,),
        lambda order, axis: products_MM[m, order.astype(int)].sum(axis=axis),
        permutation_type="pairings",
        alternative="greater" if value > 0 else "less",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(0),
    )
    return min(1.0, 2 * float(tested.pvalue))


def _sides(chosen: list[Point]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([point.predictor for point in chosen]), np.array([point.magnitude for point in chosen])


def _strata(chosen: list[Point], within: bool) -> np.ndarray | None:
    return np.array([point.train_task for point in chosen]) if within else None


def relation_cells(
    model: str, measured: list[dict], kinds: dict[str, str], recipes: dict[str, str]
) -> list[dict]:
    """Rank correlations of forgetting's magnitude with each predictor, over (recipe, train task) points.

    They tell association, not cause. A positive one says that recipes with more of the predictor forget more.

    Args:
        model: name of the model.
        measured: cells of the method-wise experiments.
        kinds: kind of each method.
        recipes: recipe of each method, by the name of one of its methods.

    Returns:
        For each predictor and family: `spearman.{predictor}` over all points, with the range of its values
        without one recipe each in the note; the same without the recipe in column `method`; and
        `spearman_within.{predictor}`, ranked within each train task, of all tasks and of each, where the
        tasks' own levels of forgetting and drift cannot make a correlation.
    """
    measured = [*measured, *_own_of_references(measured, kinds)]
    of_family = {name: recipe for name, recipe in recipes.items() if KINDS[kinds[name]].on_rows}
    families = {"all": recipes, "sft": of_family}
    rows = []
    for predictor, prompts, names in PREDICTORS:
        known: dict[tuple[Point, ...], list[dict]] = {}  # without on-policy methods both families are one
        for family in names:
            chosen = points(measured, predictor, prompts, families[family])
            if tuple(chosen) not in known:
                known[tuple(chosen)] = _predictor_cells(model, predictor, prompts, chosen)
            rows += [cell | {"group": family} for cell in known[tuple(chosen)]]
    return rows


def _own_of_references(measured: list[dict], kinds: dict[str, str]) -> list[dict]:
    """The divergence to its own supervision of a method that trains on the references: the one to them."""
    return [
        cell | {"quantity": cell["quantity"].replace("pld_ref", "pld_own")}
        for cell in measured
        if cell["quantity"].startswith("pld_ref.") and trains_on_references(kinds.get(cell["method"]))
    ]


def trains_on_references(kind: str | None) -> bool:
    """Whether a kind's own supervision is the references alone, so that it is on nothing else."""
    return kind is not None and KINDS[kind].trains_on == REFERENCES


def _predictor_cells(model: str, predictor: str, prompts: str, chosen: list[Point]) -> list[dict]:
    def cell(some: list[Point], within: bool = False, alone: bool = False, said: str = "", **others) -> dict:
        value, note = coefficient(some, within)
        notes = [note, said]
        if value is not None and not alone:
            others["p_value"] = recipe_p(some, within)
            count = len({point.recipe for point in some})
            notes.append(f"{count} recipes")
            if count < ENOUGH_RECIPES:
                notes.append("too few for an interval")
            else:
                others["ci_low"], others["ci_high"] = recipe_interval(some, within)
        name = "spearman_within" if within else "spearman"
        note = "; ".join(filter(None, notes))
        return cells.cell(
            EXPERIMENT, model, f"{name}.{predictor}", value, n=len(some), note=note, prompts=prompts, **others
        )

    without = [
        cell([point for point in chosen if point.recipe != recipe], alone=True, method=recipe)
        for recipe in dict.fromkeys(point.recipe for point in chosen)
    ]
    of_tasks = [
        cell([point for point in chosen if point.train_task == task], within=True, train_task=task)
        for task in dict.fromkeys(point.train_task for point in chosen)
    ]
    values = [left["value"] for left in without if left["value"] is not None]
    spread = f"; without one recipe {min(values):.2f} to {max(values):.2f}" if values else ""
    whole = cell(chosen, said=f"association only{spread}")
    return [whole, *without, cell(chosen, within=True, said="association only"), *of_tasks]


def pareto_cells(model: str, measured: list[dict], methods: list[str]) -> list[dict]:
    """Methods on the Pareto fronts of target accuracy with forgetting and with KL (Figures 2c, 2d).

    The measured values alone decide: two methods may differ by less than their intervals. theta_0 is no
    method; it would be on every front.

    Returns:
        Cells `pareto.forgetting`, and `pareto.kl` for each set of prompts; value 1 on the front, else 0.
    """
    over_runs: dict[tuple[str, str], dict[str, float]] = {}
    for cell in measured:
        if not cell["train_task"] and not cell["checkpoint"] and cell["value"] is not None:
            column = over_runs.setdefault((cell["quantity"], cell["prompts"]), {})
            column.setdefault(cell["method"], cell["value"])
    targets = over_runs.get(("target_mean", ""), {})
    rows = []
    for name, quantity, prompts, sign in (
        ("forgetting", "forgetting", "", 1),
        ("kl", FRONT_KL, "heldout", -1),
        ("kl", FRONT_KL, "retention", -1),
    ):
        other = over_runs.get((quantity, prompts), {})
        places = {
            method: (targets[method], sign * other[method])
            for method in methods
            if method in targets and method in other
        }
        front = nondominated(np.array([*places.values()]).T) if places else []
        rows += [
            cells.cell(
                EXPERIMENT,
                model,
                f"pareto.{name}",
                float(on_front),
                method=method,
                prompts=prompts,
                n=len(places),
                note=f"target_mean against {quantity}, by their measured values",
            )
            for method, on_front in zip(places, front, strict=True)
        ]
    return rows
