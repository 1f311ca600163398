"""Accuracy and retention of TMS: the frontier control, RQ1 to RQ4, RQ8, and the TrSFT loss."""

from collections.abc import Sequence
from itertools import product

from tms.experiments import labels
from tms.experiments.frontier import PLANE
from tms.metrics.paired_tests import SIGNIFICANCE
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.frontier_sides import differences, whose
from tms.report.precision import rounding_words
from tms.report.research_questions import duels, sentences
from tms.report.research_questions.contrasts import Contrast, adjusted
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    MARGIN,
    SUPPORTED,
    Finding,
    any_differs,
    by_direction,
    conclude,
    over_seeds,
    shortfalls,
)
from tms.report.research_questions.duels import MAIN, SFT, TMS
from tms.report.research_questions.fronts import chosen, crossing

MIXTURE, FRONTIER = "mixture", "frontier"
ON_POLICY = ("grpo", "reinforce")
TRAPO = "trapo"
# The TrSFT loss (of TRAPO's paper) on TMS's mixture, and each half alone.
COMBINATION, HALVES = (MAIN, "tms_trsft"), (TMS, (MAIN, "trsft"))
MOST_CROSSINGS = 2  # sides beside whose fronts the evidence lays TMS's in words; the figure has all
IN_WORDS = {"target_mean": "accuracy", "forgetting": "forgetting"}
# For the sentences: above, below, or no difference seen.
ON_THE_FRONTIER = {
    1: "Tuned alike, TMS trades accuracy against forgetting better than SFT",
    -1: "Tuned alike, TMS trades accuracy against forgetting worse than SFT",
    0: "Tuned alike, TMS's trade of accuracy against forgetting could not be told from SFT's",
}
FORGETS = {
    1: "TMS forgot less than SFT",
    -1: "TMS forgot more than SFT",
    0: "TMS's forgetting could not be told from SFT's",
}
MIXTURE_DOES = {
    SUPPORTED: "The mixture of checkpoints did better than each single one, without a loss",
    CONTRADICTED: "A single checkpoint did better than the mixture, without a loss",
    INDISTINGUISHABLE: "The mixture neither did better than each single checkpoint nor lost to one",
}
COMBINATION_DOES = {
    SUPPORTED: "TMS with TrSFT did better than TMS and than TrSFT, without a loss",
    CONTRADICTED: "TMS or TrSFT alone did better than the two together, without a loss",
    INDISTINGUISHABLE: "TMS with TrSFT neither did better than both of its halves nor lost to one",
}
# (mixture, single checkpoint) with the same share of teacher's answers: alpha 0.25, then 0.
SAME_ALPHA = (
    (TMS, (MIXTURE, "tms_theta0")),
    (TMS, (MIXTURE, "tms_final")),
    ((MIXTURE, "tms_alpha0"), (MAIN, "self_sft")),
    ((MIXTURE, "tms_alpha0"), (MAIN, "final_sft")),
)
# The paper's comparison, which decides nothing: TMS holds teacher's answers and these hold none.
WITHOUT_TEACHER = ((MAIN, "self_sft"), (MAIN, "final_sft"), (MIXTURE, "iterative_sft"))


def frontier(lookup: CellLookup) -> Finding:
    """The frontier control. Supported: TMS's front dominates a larger area than SFT's (p < 0.05).

    The area is between a front and the reference point. Contradicted: a smaller one. A larger area is no
    front that is higher everywhere, so the evidence says where each is. Further sides decide nothing: the
    evidence has TMS's difference from each, with Holm's correction over them. The control itself stands
    alone: what else was tried changes nothing of it.
    """
    lookup.require_methods(FRONTIER)
    readings = differences(lookup)
    if "sft" not in readings:
        raise NotMeasuredError("experiment frontier has no area_difference")
    compared = [Contrast.difference(f"TMS's area - {whose(one)}", own) for one, own in readings.items()]
    tested = [*adjusted(compared[:1]), *adjusted(compared[1:])]
    said = []
    for side in ("tms", *readings):
        area = lookup.reading(FRONTIER, "area", side, group=side, prompts="test")
        if area:
            said.append(f"{labels.method(side)} {area.value:.4f} ({area.note})")
    text = f"Dominated area on test: {'; '.join(said)}."
    text += "".join(crossing(lookup, rival) for rival in [*readings][:MOST_CROSSINGS])
    # At the runs' ends; the table has every point.
    for side in dict.fromkeys(["sft", "tms", *readings]):
        methods = [
            cell["method"] for cell in lookup.cells(FRONTIER, "update.surviving", group=side, checkpoint="")
        ]
        rounding = rounding_words(lookup, methods, FRONTIER, group=side)
        text += f" {rounding}" if rounding else ""
    verdict = over_seeds(by_direction, compared[:1], margin=0.0)
    told = sentences.single(ON_THE_FRONTIER, tested[0], verdict, margin=0.0)
    return conclude(verdict, told, text, tested[:1], tested[1:], unit="area")


def target(lookup: CellLookup) -> Finding:
    """RQ1. Supported: TMS is above SFT on a target or a view, and below on none. Contradicted: reversed."""
    lookup.require_methods(MAIN, "sft", "tms")
    columns = [*lookup.info.suite.target_tasks, *lookup.info.suite.views]
    contrasts = [Contrast.between(lookup, TMS, SFT, name) for name in columns]
    verdict, tested = over_seeds(any_differs, contrasts), adjusted(contrasts)
    names = [labels.benchmark(name) for name in columns]
    told = sentences.places(names, tested, verdict, ("scored", "higher", "lower"))
    return conclude(verdict, told, _compute(lookup), tested)


def forgetting(lookup: CellLookup) -> Finding:
    """RQ2. Supported: TMS's F (Eq. 3.2, at most 0) is nearer to 0 than SFT's. Contradicted: farther."""
    lookup.require_methods(MAIN, "sft", "tms")
    contrast = Contrast.between(lookup, TMS, SFT, "forgetting")
    values = [lookup.reading(MAIN, "forgetting", name) for name in ("tms", "sft")]
    floor = lookup.reading(MAIN, "forgetting_floor", "tms")
    text = ""
    if all(values):
        text += f"F of TMS is {100 * values[0].value:.1f}, of SFT {100 * values[1].value:.1f} points."
    if floor:
        text += f" Chance alone would give TMS {100 * floor.value:.1f}."
    verdict = over_seeds(by_direction, [contrast])
    return conclude(verdict, sentences.single(FORGETS, contrast, verdict), text, [contrast])


def parity(lookup: CellLookup) -> Finding:
    """RQ3. Supported: TMS is at most 2 points below each on-policy method, in target mean and in F.

    That is where the whole 95 % interval of TMS minus the method lies above -2 points (a test of
    non-inferiority; all intervals have to, so they need no correction). Contradicted: a difference is below
    -2 points with p < 0.05 after Holm's correction. Else the data allow both.
    """
    lookup.require_methods(MAIN, "tms")
    rivals = [name for name in ON_POLICY if name in lookup.methods(MAIN)]
    if not rivals:
        raise NotMeasuredError(
            f"no on-policy baseline ({', '.join(ON_POLICY)}) is among the methods measured"
        )
    contrasts = [Contrast.between(lookup, TMS, (MAIN, rival), name) for rival in rivals for name in PLANE]
    verdict = over_seeds(no_shortfall, contrasts)
    text = f"The margin is {100 * MARGIN:.0f} points.{_levels(lookup, rivals)}"
    gains = [(rival, "retention_mean") for rival in rivals]
    beside = duels.beside(lookup, [(TMS, (MAIN, rival), name) for rival, name in gains])
    guided = duels.beside(lookup, [(TMS, (MAIN, TRAPO), name) for name in PLANE])
    if guided:
        text += " TRAPO decides nothing, since it learns from the teacher's answers too."
    if tuned := chosen(lookup, "tms", MARGIN):
        text += (
            " TMS has SFT's learning rate and these methods their own, so the rate may be what differs: the "
            f"frontier's point of TMS chosen for at most {100 * MARGIN:.0f} points of forgetting, {tuned} on "
            "the test half. It decides nothing."
        )
    rounding = rounding_words(lookup, [*rivals, "tms"])
    text += f" {rounding}" if rounding else ""
    told = _behind(contrasts, rivals, verdict)
    return conclude(verdict, told, text, contrasts, [*beside, *guided])


def mixture(lookup: CellLookup) -> Finding:
    """RQ4. Supported: the mixture dominates each single checkpoint with its share of teacher's answers.

    Dominates: above in target mean or F, and no loss beyond 2 points in the other (`dominance`).
    Contradicted: a single checkpoint dominates the mixture. Else indistinguishable. TMS beside Self-, Final-
    and iterative SFT, as the paper compares them, decides nothing: TMS holds teacher's answers and they none.
    """
    lookup.require_methods(MAIN, "tms")
    pairs = [pair for pair in SAME_ALPHA if all(name in lookup.methods(place) for place, name in pair)]
    if not pairs:
        raise NotMeasuredError(
            "no single checkpoint with TMS's share of teacher's answers (experiment mixture); Self- and "
            "Final-SFT hold none of them, so beside TMS they mix two causes"
        )
    beside = duels.beside(lookup, [(TMS, other, name) for other in WITHOUT_TEACHER for name in PLANE])
    text = " TMS beside methods that hold no teacher's answers decides nothing." if beside else ""
    return duels.finding(lookup, pairs, MIXTURE_DOES, text, beside)


def combination(lookup: CellLookup) -> Finding:
    """TMS with the TrSFT loss. Supported: it dominates TMS and TrSFT. Contradicted: one of them dominates it.

    Neither paper has it. Dominates: as in `mixture`.
    """
    lookup.require_methods(MAIN, COMBINATION[1], *(half for _, half in HALVES))
    return duels.finding(lookup, [(COMBINATION, half) for half in HALVES], COMBINATION_DOES)


def safety(lookup: CellLookup) -> Finding:
    """RQ8. Supported: TMS is above SFT on a safety set or SafetyBench, below on none. Contradicted: reversed.

    Scores are 1 - attack success, so more is safer; over-refusal stands beside them and decides nothing.
    """
    if not lookup.info.suite.safety:
        raise NotMeasuredError("the model's suite has no safety benchmark")
    lookup.require_methods(MAIN, "sft", "tms")
    sets = [name for name in lookup.info.suite.retention if name == "safetybench"] + lookup.info.suite.safety
    contrasts = [Contrast.between(lookup, TMS, SFT, name) for name in sets]
    text = ""
    for name in lookup.info.suite.safety:
        refused = [lookup.reading(MAIN, f"{name}.over_refusal", method) for method in ("tms", "sft")]
        if all(refused):
            text += (
                f" Over-refusal on {labels.benchmark(name)}: TMS {100 * refused[0].value:.1f} %, "
                f"SFT {100 * refused[1].value:.1f} %."
            )
    verdict, tested = over_seeds(any_differs, contrasts), adjusted(contrasts)
    names = [labels.benchmark(name) for name in sets]
    told = sentences.places(names, tested, verdict, ("was", "safer", "less safe"), "benchmarks")
    return conclude(verdict, told, text, tested)


def no_shortfall(contrasts: Sequence[Contrast]) -> str:
    """RQ3's rule: no interval reaches 2 points below; contradicted where a difference is below that."""
    if min(shortfalls(contrasts)) < SIGNIFICANCE:
        return CONTRADICTED
    return SUPPORTED if all(contrast.low > -MARGIN for contrast in contrasts) else INDISTINGUISHABLE


def _behind(contrasts: list[Contrast], rivals: list[str], verdict: str) -> str:
    """The sentence on non-inferiority: whom TMS is behind by more than the margin, and in what."""
    behind = [one.value < -MARGIN for one in contrasts]
    if verdict == CONTRADICTED:
        behind = [p_value < SIGNIFICANCE for p_value in shortfalls(contrasts)]
    elif verdict == SUPPORTED:
        behind = [False] * len(contrasts)
    of = [pair for pair, is_behind in zip(product(rivals, PLANE), behind, strict=True) if is_behind]
    whom = [labels.method(rival) for rival in rivals if rival in {rival for rival, _ in of}]
    what = [words for name, words in IN_WORDS.items() if name in {name for _, name in of}]
    if of:
        joint = " and " if len(of) == len(whom) * len(what) else " or "
        fact = f"TMS fell more than two points behind {joint.join(whom)} in {joint.join(what)}"
    else:
        among = " and ".join(map(labels.method, rivals))
        fact = f"TMS was no more than two points behind {among} in accuracy and forgetting"
    return sentences.told([fact], contrasts, verdict, open_fact=True, mixed=False)


def _levels(lookup: CellLookup, rivals: list[str]) -> str:
    """Target mean of the base, the rivals and TMS, and which rivals did not learn."""
    means = {name: lookup.reading(MAIN, "target_mean", name) for name in ("base", *rivals, "tms")}
    said = [f"{labels.method(name)} {100 * mean.value:.1f}" for name, mean in means.items() if mean]
    text = f" Target mean: {', '.join(said)} %."
    for rival in rivals:
        gain = lookup.reading(MAIN, "delta.target_mean", rival)
        if gain and Contrast.difference("", gain).direction <= 0:
            text += (
                f" {labels.method(rival)} is not above the base, so parity with it in the target says little."
            )
    return text


def _compute(lookup: CellLookup) -> str:
    """Cost of TMS relative to SFT, with all that it depends on, in words; empty where none was measured."""
    said = []
    for name, words in (("optimizer_steps", "optimiser steps"), ("seconds", "time")):
        tms, sft = (lookup.reading(MAIN, f"cost.{name}", method) for method in ("tms", "sft"))
        if tms and sft and sft.value:
            said.append(f"{tms.value / sft.value:.1f} times SFT's {words}")
    if not said:
        return ""
    return (
        f"The student has SFT's steps; with its trajectory and harvest, and the teacher's answers in both, "
        f"TMS takes {' and '.join(said)}."
    )
