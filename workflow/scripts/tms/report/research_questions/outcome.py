"""Accuracy and retention of TMS: the frontier control, RQ1 to RQ4, RQ8, and the TrSFT loss."""

from tms.config.method_kinds import SIDES
from tms.experiments import labels
from tms.metrics.paired_tests import SIGNIFICANCE
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.frontier_sides import RIVALS, differences
from tms.report.precision import rounding_words
from tms.report.research_questions.contrasts import (
    Contrast,
    adjusted,
    bounds_text,
    sentence,
)
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    MARGIN,
    SUPPORTED,
    Finding,
    by_direction,
    conclude,
    dominance,
    shortfalls,
)
from tms.report.research_questions.fronts import crossing

MAIN, MIXTURE, FRONTIER = "main", "mixture", "frontier"
SFT, TMS = (MAIN, "sft"), (MAIN, "tms")
ON_POLICY = ("grpo", "reinforce")
TRAPO = "trapo"
# The TrSFT loss (of TRAPO's paper) on TMS's mixture, and each half alone.
COMBINATION, HALVES = (MAIN, "tms_trsft"), (TMS, (MAIN, "trsft"))
PLANE = ("target_mean", "forgetting")
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
    front that is higher everywhere, so the evidence says where each is. Averages of weights decide nothing:
    the evidence has TMS's difference from them, and Holm's correction holds for both.
    """
    lookup.require_methods(FRONTIER)
    readings = differences(lookup)
    if "sft" not in readings:
        raise NotMeasuredError("experiment frontier has no area_difference")
    tested = adjusted([Contrast.difference(rival, reading) for rival, reading in readings.items()])
    said = []
    for side in ("tms", *readings):
        area = lookup.reading(FRONTIER, "area", side, group=side, prompts="test")
        if area:
            said.append(f"{labels.method(side)} {area.value:.4f} ({area.note})")
    text = f"Dominated area on test: {'; '.join(said)}."
    for difference in tested:
        rival = "" if difference.label == "sft" else f" from {RIVALS[difference.label][1]}"
        text += f" Difference{rival} {difference.value:+.4f} ({bounds_text(difference, '{:+.4f}'.format)})."
        text += crossing(lookup, difference.label)
    # At the runs' ends; the table has every point.
    for side in sorted({"tms", *readings}, key=SIDES.index):
        methods = [
            cell["method"] for cell in lookup.cells(FRONTIER, "update.surviving", group=side, checkpoint="")
        ]
        rounding = rounding_words(lookup, methods, FRONTIER, group=side)
        text += f" {rounding}" if rounding else ""
    return conclude(by_direction(tested[:1]), text, tested)


def target(lookup: CellLookup) -> Finding:
    """RQ1. Supported: TMS is above SFT on a target or a view, and below on none. Contradicted: reversed."""
    lookup.require_methods(MAIN, "sft", "tms")
    columns = [*lookup.info.suite.target_tasks, *lookup.info.suite.views]
    contrasts = adjusted([Contrast.between(lookup, TMS, SFT, name) for name in columns])
    return conclude(by_direction(contrasts), sentence(contrasts) + _compute(lookup), contrasts)


def forgetting(lookup: CellLookup) -> Finding:
    """RQ2. Supported: TMS's F (Eq. 3.2, at most 0) is nearer to 0 than SFT's. Contradicted: farther."""
    lookup.require_methods(MAIN, "sft", "tms")
    contrast = Contrast.between(lookup, TMS, SFT, "forgetting")
    values = [lookup.reading(MAIN, "forgetting", name) for name in ("tms", "sft")]
    floor = lookup.reading(MAIN, "forgetting_floor", "tms")
    text = sentence([contrast])
    if all(values):
        text += f" F of TMS is {100 * values[0].value:.1f}, of SFT {100 * values[1].value:.1f} points."
    if floor:
        text += f" Chance alone would give TMS {100 * floor.value:.1f}."
    return conclude(by_direction([contrast]), text, [contrast])


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
    if min(shortfalls(contrasts)) < SIGNIFICANCE:
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if all(contrast.low > -MARGIN for contrast in contrasts) else INDISTINGUISHABLE
    text = f"Margin {100 * MARGIN:.0f} points. {sentence(contrasts)}{_levels(lookup, rivals)}"
    beside = _told(lookup, [(rival, "retention_mean") for rival in rivals])
    text += f" Gains included, deciding nothing: {beside}" if beside else ""
    rounding = rounding_words(lookup, [*rivals, "tms"])
    text += f" {rounding}" if rounding else ""
    guided = _told(lookup, [(TRAPO, name) for name in PLANE])
    text += (
        f" Deciding nothing, since TRAPO learns from the teacher's answers too: {guided}" if guided else ""
    )
    return conclude(verdict, text, contrasts)


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
    verdict, text, contrasts = _duels(lookup, pairs)
    return conclude(verdict, text + _beside_without_teacher(lookup), contrasts)


def combination(lookup: CellLookup) -> Finding:
    """TMS with the TrSFT loss. Supported: it dominates TMS and TrSFT. Contradicted: one of them dominates it.

    Neither paper has it. Dominates: as in `mixture`.
    """
    lookup.require_methods(MAIN, COMBINATION[1], *(half for _, half in HALVES))
    return conclude(*_duels(lookup, [(COMBINATION, half) for half in HALVES]))


def safety(lookup: CellLookup) -> Finding:
    """RQ8. Supported: TMS is above SFT on a safety set or SafetyBench, below on none. Contradicted: reversed.

    Scores are 1 - attack success, so more is safer; over-refusal stands beside them and decides nothing.
    """
    if not lookup.info.suite.safety:
        raise NotMeasuredError("the model's suite has no safety benchmark")
    lookup.require_methods(MAIN, "sft", "tms")
    sets = [name for name in lookup.info.suite.retention if name == "safetybench"] + lookup.info.suite.safety
    contrasts = adjusted([Contrast.between(lookup, TMS, SFT, name) for name in sets])
    text = sentence(contrasts)
    for name in lookup.info.suite.safety:
        refused = [lookup.reading(MAIN, f"{name}.over_refusal", method) for method in ("tms", "sft")]
        if all(refused):
            text += (
                f" Over-refusal on {labels.benchmark(name)}: TMS {100 * refused[0].value:.1f} %, "
                f"SFT {100 * refused[1].value:.1f} %."
            )
    return conclude(by_direction(contrasts), text, contrasts)


def _duels(lookup: CellLookup, pairs: list[tuple]) -> tuple[str, str, list[Contrast]]:
    """Verdict on the first of each pair dominating the second, in target mean and F (`dominance`).

    Returns:
        Supported where each does, contradicted where a second dominates its first, else indistinguishable;
        with the words and the differences.
    """
    tested = adjusted([Contrast.between(lookup, *pair, name) for pair in pairs for name in PLANE])
    of_pair = {pair: tested[2 * place : 2 * place + 2] for place, pair in enumerate(pairs)}
    outcomes = {pair: dominance(contrasts) for pair, contrasts in of_pair.items()}
    if CONTRADICTED in outcomes.values():
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if set(outcomes.values()) == {SUPPORTED} else INDISTINGUISHABLE
    words = {
        SUPPORTED: "dominates",
        CONTRADICTED: "is dominated by",
        INDISTINGUISHABLE: "neither dominates nor is by",
    }
    said = [
        f"{labels.method(first[1])} {words[outcome]} {labels.method(second[1])}"
        for (first, second), outcome in outcomes.items()
    ]
    return verdict, f"{'; '.join(said)}. {sentence(tested)}", tested


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


def _told(lookup: CellLookup, rivals: list[tuple[str, str]]) -> str:
    """TMS minus methods of main in quantities, in words; what was not measured is left out."""
    contrasts = []
    for rival, quantity in rivals:
        if rival in lookup.methods(MAIN):
            try:
                contrasts.append(Contrast.between(lookup, TMS, (MAIN, rival), quantity))
            except NotMeasuredError:
                continue
    return sentence(adjusted(contrasts)) if contrasts else ""


def _beside_without_teacher(lookup: CellLookup) -> str:
    """TMS beside the methods that hold no teacher's answers; empty where none was measured."""
    contrasts = []
    for other in WITHOUT_TEACHER:
        if other[1] in lookup.methods(other[0]):
            try:
                contrasts += [Contrast.between(lookup, TMS, other, name) for name in PLANE]
            except NotMeasuredError:
                continue
    if not contrasts:
        return ""
    return f" Deciding nothing, since these hold no teacher's answers: {sentence(adjusted(contrasts))}"


def _compute(lookup: CellLookup) -> str:
    """Cost of TMS relative to SFT, with all that it depends on, in words; empty where none was measured."""
    said = []
    for name, words in (("optimizer_steps", "optimiser steps"), ("seconds", "time")):
        tms, sft = (lookup.reading(MAIN, f"cost.{name}", method) for method in ("tms", "sft"))
        if tms and sft and sft.value:
            said.append(f"{tms.value / sft.value:.1f} times SFT's {words}")
    if not said:
        return ""
    return f" The student has SFT's steps; with its trajectory and harvest TMS takes {' and '.join(said)}."
