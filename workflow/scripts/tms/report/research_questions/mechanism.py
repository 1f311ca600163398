"""Conditions of TMS's gains: RQ5 (tasks), RQ6 (KL and PLD), RQ7 (scale)."""

import math
from collections.abc import Sequence
from dataclasses import replace

from tms.experiments import labels
from tms.experiments.correlations import EXPERIMENT as CORRELATIONS
from tms.experiments.diversity_cells import EXPERIMENT as DIVERSITY
from tms.experiments.diversity_cells import WHOLE
from tms.metrics.paired_tests import SIGNIFICANCE, holm
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.precision import floor_words, p_words, rounding_words
from tms.report.research_questions import duels, sentences
from tms.report.research_questions.contrasts import Contrast, adjusted
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    DESCRIBED,
    FOR_THIS_RUN,
    INDISTINGUISHABLE,
    MARGIN,
    SUPPORTED,
    Finding,
    by_direction,
    conclude,
    dominance,
    over_seeds,
)
from tms.report.research_questions.outcome import MAIN

MIN_MODELS = 2
RQ7_PLANE = ("forgetting", "target_mean")
# Predictors that decide RQ6: KL of all methods on the trained task's prompts, PLD of the SFT family to the
# same references. PLD to a method's own supervision holds its entropy: methods do not compare.
KL, PLD = ("kl.policy_base.per_sequence", "all", "heldout"), ("pld_ref.per_sequence", "sft", "")
BESIDE = ("pld_own.per_sequence", "sft", "")
# For the sentences.
GAINS = {
    SUPPORTED: "TMS gained more over SFT the more right solutions a problem has",
    CONTRADICTED: "TMS gained less over SFT the more right solutions a problem has",
    INDISTINGUISHABLE: "TMS's gain over SFT showed no clear relation to the number of right solutions",
    DESCRIBED: "targets are too few to tell whether TMS helps more where right solutions are many",
}
PREDICTS = {
    SUPPORTED: "The farther a method moved from the base and from the references, the more it forgot",
    CONTRADICTED: "Methods that moved farther from the base or from the references forgot less, not more",
    INDISTINGUISHABLE: "Distance from the base and the references did not reliably predict forgetting",
}
AT_EVERY_SCALE = {
    SUPPORTED: "TMS forgot less than SFT at every scale without losing two points on the targets",
    CONTRADICTED: "At some scale TMS forgot more than SFT, or scored lower without forgetting less",
    INDISTINGUISHABLE: "TMS was neither better than SFT at every scale nor clearly worse at one",
}


def smallest_p(count: int) -> float:
    """The smallest p-value that two permutation tests over so many units can have after Holm's correction."""
    return min(1.0, 2 * 2 / math.factorial(count))


# Of tasks (RQ5) or recipes (RQ6): with fewer no order, however clear, could be significant.
FEWEST = next(count for count in range(1, 10) if smallest_p(count) < SIGNIFICANCE)


def too_few(count: int) -> str:
    """Why so few targets or recipes are not tested, in words."""
    return (
        f"so few orders that p (permutation, Holm) cannot be below {smallest_p(count):.3f}; it takes {FEWEST}"
    )


def not_tested(targets: int) -> str:
    """A sentence where the correlation over so many targets is described; empty where they are enough."""
    if targets >= FEWEST:
        return ""
    return f"{targets} targets are described and not tested: they have {too_few(targets)}."


def task_dependence(lookup: CellLookup) -> Finding:
    """RQ5. Supported: TMS gains more over SFT on targets whose prompts have more distinct right solutions.

    Spearman's rank correlation over the targets, between the mean number of distinct solutions among the
    base's right samples and the gain, once for the target's own score and once for F. The mean is over the
    prompts that the base solves at least once, since over all prompts it would measure how able the base is.
    Exact permutation tests with Holm's correction, where the targets are enough for one: one correlation is
    positive and none negative, or contradicted: reversed. Fewer are described: the numbers, and no claim.
    """
    lookup.require_methods(DIVERSITY, "base")
    lookup.require_methods(MAIN, "sft", "tms")
    targets = lookup.info.suite.targets
    found = {task: distinct_solutions(lookup, task) for task in targets}
    counts = {task: reading and reading.value for task, reading in found.items()}
    tasks = [task for task in targets if counts[task] is not None]
    if len(tasks) < 2:
        raise NotMeasuredError(
            f"a comparison of targets needs two with countable solutions, not {len(tasks)}"
        )
    variety = [counts[task] for task in tasks]
    gains = {
        name: [_value(lookup, name, "tms", task) - _value(lookup, name, "sft", task) for task in tasks]
        for name in ("target", "forgetting")
    }
    measured = {name: _rank_correlation(variety, gain) for name, gain in gains.items()}
    p_values = holm([p_value for _, p_value in measured.values()])
    correlations = [
        Contrast(rho, -1, 1, p_value=p_value, label=f"with the gain in {labels.quantity(name)}")
        for (name, (rho, _)), p_value in zip(measured.items(), p_values, strict=True)
    ]
    reason = not_tested(len(tasks))
    said = [
        f"{each.label}: rho = {each.value:+.2f}{f' ({p_words(each.p_value)})' if not reason else ''}"
        for each in correlations
    ]
    text = f"Distinct right solutions over {len(tasks)} targets"
    text += f", {'; '.join(said)}. " if len(tasks) > 2 else ". "
    text += f"{reason or f'p can be {smallest_p(len(tasks)):.3f} at the least.'} "
    rows = "; ".join(
        f"{labels.benchmark(task)} {variety[i]:.2f} solutions{_kind_of_solution(lookup, task)}, gain "
        f"{100 * gains['target'][i]:+.1f} in target and {100 * gains['forgetting'][i]:+.1f} points in F"
        for i, task in enumerate(tasks)
    )
    without = [labels.benchmark(task) for task in targets if task not in tasks]
    left_out = f" Left out, without countable solutions: {', '.join(without)}." if without else ""
    verdict = DESCRIBED if reason else by_direction(correlations)
    told = f"{sentences.counted(len(tasks)).capitalize()} {GAINS[verdict]}"
    if verdict != DESCRIBED:
        told = f"{GAINS[verdict]}{_in_this_run(lookup)}"
    shown = [] if len(tasks) == 2 else [one.row(not reason, "rho") for one in correlations]
    return Finding(verdict + _of_runs(lookup), f"{told}.", f"{text}{rows}.{left_out}", shown)


def mechanism(lookup: CellLookup) -> Finding:
    """RQ6. Supported: KL to the base and PLD to the references each predict how much is forgotten.

    Correlations are of the magnitude of forgetting, so more KL or PLD should mean a positive one; permutation
    tests over recipes with Holm's correction over the two. Supported: both are positive and no sign turns
    without any one recipe or within the runs on one task. Contradicted: one is negative, none positive, and
    no sign turns. PLD to own supervision stands beside them. Whether the front moves is the frontier
    control's question.
    """
    lookup.require_methods(CORRELATIONS)
    deciding = {name: _relation(lookup, *name) for name in (KL, PLD)}
    for (predictor, *_), relation in deciding.items():
        if relation is None or relation.p_value is None:
            raise NotMeasuredError(
                f"experiment {CORRELATIONS} has no tested rank correlation with {labels.quantity(predictor)}"
            )
    recipes = min(_recipes(lookup, *name) for name in deciding)
    if recipes < FEWEST:
        raise NotMeasuredError(f"{recipes} recipes are too few for a test: they have {too_few(recipes)}")
    p_values = holm([relation.p_value for relation in deciding.values()])
    relations = {
        name: replace(relation, p_value=p_value)
        for (name, relation), p_value in zip(deciding.items(), p_values, strict=True)
    }
    directions = {name: relation.direction for name, relation in relations.items()}
    signed = {name: sign for name, sign in directions.items() if sign}
    fragile = [relations[name].label for name, sign in signed.items() if not _stable(lookup, sign, *name)]
    verdict = INDISTINGUISHABLE
    if set(directions.values()) == {1} and not fragile:
        verdict = SUPPORTED
    elif -1 in directions.values() and 1 not in directions.values() and not fragile:
        verdict = CONTRADICTED
    text = "Rank correlations are with the magnitude of forgetting."
    if set(directions.values()) == {1, -1}:
        text += " The two point in opposite directions."
    if fragile:
        text += f" Without some recipe, or within the runs on one task, another sign: {', '.join(fragile)}."
    rows = [relation.row(unit="rho") for relation in relations.values()]
    if described := _relation(lookup, *BESIDE):
        text += f" {described.label} holds the entropy of each supervision and decides nothing."
        rows.append(described.row(False, "rho"))
    precision = (floor_words(lookup), rounding_words(lookup, lookup.methods(MAIN)))
    text += "".join(f" {words}" for words in precision if words)
    return Finding(verdict + _of_runs(lookup), f"{PREDICTS[verdict]}{_in_this_run(lookup)}.", text, rows)


def scale(*lookups: CellLookup) -> Finding:
    """RQ7. Supported: at every scale TMS forgets less than SFT and loses at most 2 points of target mean.

    No loss is where the 95 % interval lies above -2 points. Contradicted: at some scale TMS forgets more, or
    SFT dominates it (`dominance`), with Holm's correction over both numbers of all models.
    """
    lookups = [lookup for lookup in lookups if lookup.cells(MAIN, "forgetting")]
    if len(lookups) < MIN_MODELS:
        raise NotMeasuredError(
            f"scaling needs the numbers of {MIN_MODELS} models or more, and this is the report of one "
            f"(results/questions.json has the verdict over the models of table.models)"
        )
    contrasts = []
    for lookup in lookups:
        lookup.require_methods(MAIN, "sft", "tms")
        pair = [Contrast.between(lookup, (MAIN, "tms"), (MAIN, "sft"), name) for name in RQ7_PLANE]
        contrasts += [replace(one, label=f"{lookup.info.model}: {one.label}") for one in pair]
    verdict = over_seeds(at_every_scale, contrasts)
    told = duels.sentence(AT_EVERY_SCALE, contrasts, at_every_scale, verdict)
    names = ", ".join(lookup.info.model for lookup in lookups)
    return conclude(verdict, told, f"Models: {names}.", adjusted(contrasts))


def at_every_scale(contrasts: Sequence[Contrast]) -> str:
    """RQ7's rule. Every model has to forget less, which needs no correction; one against it is enough."""
    kept = [
        forgetting.direction > 0 and target.direction >= 0 and target.low > -MARGIN
        for forgetting, target in duels.pairs(contrasts)
    ]
    tested = duels.pairs(adjusted(contrasts))
    if any(pair[0].direction < 0 or dominance(pair) == CONTRADICTED for pair in tested):
        return CONTRADICTED
    return SUPPORTED if all(kept) else INDISTINGUISHABLE


def _of_runs(lookup: CellLookup) -> str:
    """Words that a verdict from points over runs adds where each is a single run."""
    return FOR_THIS_RUN if lookup.seeds < 2 else ""


def _in_this_run(lookup: CellLookup) -> str:
    """Words that a sentence from points over runs adds where each is a single run."""
    return f" {sentences.OTHER_SEEDS}" if lookup.seeds < 2 else ""


def distinct_solutions(lookup: CellLookup, task: str) -> Reading | None:
    """Distinct right solutions of a prompt that the base solves; None where none are counted.

    Over all prompts it would measure how able the base is. The interval takes the share of solved prompts as
    known.
    """
    number, solved = (
        lookup.reading(DIVERSITY, name, "base", train_task=task)
        for name in ("distinct_solutions", "coverage_n")
    )
    return number.scaled(1 / solved.value) if number and solved and solved.value else None


def _kind_of_solution(lookup: CellLookup, task: str) -> str:
    """Unit and total behind a number of solutions."""
    number, right = (
        lookup.reading(DIVERSITY, name, "base", train_task=task)
        for name in ("distinct_solutions", "pass_at_1")
    )
    said = ["whole responses"] if WHOLE in number.note else []
    said += [f"{100 * right.value:.0f} % of the samples are right"] if right else []
    return f" ({', '.join(said)})" if said else ""


def _value(lookup: CellLookup, quantity: str, method: str, task: str) -> float:
    reading = lookup.reading(MAIN, quantity, method, train_task=task)
    if reading is None:
        raise NotMeasuredError(f"no {quantity} of {method} on {task} in experiment {MAIN}")
    return reading.value


def _rank_correlation(first: list[float], second: list[float]) -> tuple[float, float]:
    """Spearman's rho and its exact two-sided p-value over all orders; 0 and 1 where a side is constant."""
    from scipy.stats import permutation_test, spearmanr

    if len(set(first)) == 1 or len(set(second)) == 1:
        return 0.0, 1.0
    test = permutation_test(
        (first,), lambda x: spearmanr(x, second).statistic, permutation_type="pairings", n_resamples=10_000
    )
    return float(test.statistic), float(test.pvalue)


def _relation(lookup: CellLookup, predictor: str, family: str, prompts: str) -> Contrast | None:
    reading = lookup.reading(CORRELATIONS, f"spearman.{predictor}", "", group=family, prompts=prompts)
    return reading and Contrast.correlation(labels.quantity(predictor), reading)


def _recipes(lookup: CellLookup, predictor: str, family: str, prompts: str) -> int:
    """Number of recipes in a tested correlation: each has a point on every target."""
    reading = lookup.reading(CORRELATIONS, f"spearman.{predictor}", "", group=family, prompts=prompts)
    return reading.n // len(lookup.info.suite.targets)


def _stable(lookup: CellLookup, sign: int, predictor: str, family: str, prompts: str) -> bool:
    """True if a correlation keeps its sign without any one recipe, and within the runs on each task."""
    values = [
        cell["value"]
        for quantity in ("spearman", "spearman_within")
        for cell in lookup.cells(CORRELATIONS, f"{quantity}.{predictor}", group=family, prompts=prompts)
    ]
    return all(sign * value > 0 for value in values)
