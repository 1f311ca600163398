"""What TMS does to targets and retention: the frontier control, RQ1 to RQ4, RQ8, and the TrSFT loss."""

from tms.experiments import labels
from tms.metrics.paired_tests import SIGNIFICANCE
from tms.report.research_questions.decisions import (
    MARGIN,
    Claim,
    by_direction,
    conclude,
    dominance,
    dominance_claims,
    shortfalls,
    signs,
)
from tms.report.research_questions.evidence import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    Contrast,
    Evidence,
    Finding,
    NotMeasuredError,
    adjusted,
    p_text,
    seeds_of,
    sentence,
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


def frontier(evidence: Evidence) -> Finding:
    """Does TMS's front of accuracy and forgetting dominate a larger area from the reference point than SFT's?

    Supported: it does (p < 0.05). Contradicted: a smaller one. A larger area is no front that is higher
    everywhere, so the evidence says where each is.
    """
    evidence.require(FRONTIER)
    found = evidence.find(FRONTIER, "area_difference", method="tms", group="tms", prompts="test")
    if found is None:
        raise NotMeasuredError("experiment frontier has no area_difference")
    low, high, p_value, seeds = found["ci_low"], found["ci_high"], found["p_value"], seeds_of(found)
    difference = Contrast("", found["value"], low, high, p_value, seeds=seeds)
    said = []
    for side in ("tms", "sft"):
        area = evidence.find(FRONTIER, "area", method=side, group=side, prompts="test")
        if area:
            said.append(f"{labels.method(side)} {area['value']:.4f} ({area['note']})")
    text = f"Dominated area on test: {'; '.join(said)}. Difference {found['value']:+.4f} "
    text += f"(95 % {low:+.4f} to {high:+.4f}, {p_text(p_value)}"
    text += f", over seeds {seeds[0]:+.4f} to {seeds[1]:+.4f})." if seeds else ")."
    return conclude(by_direction([difference]), text + crossing(evidence), signs([difference]))


def target(evidence: Evidence) -> Finding:
    """RQ1. Supported: TMS is above SFT on a target or a view, and below on none. Contradicted: reversed."""
    evidence.require(MAIN, "sft", "tms")
    columns = [*evidence.suite.targets, *evidence.suite.views]
    contrasts = adjusted([evidence.contrast(TMS, SFT, name) for name in columns])
    return conclude(by_direction(contrasts), sentence(contrasts) + _compute(evidence), signs(contrasts))


def forgetting(evidence: Evidence) -> Finding:
    """RQ2. Supported: TMS's F (Eq. 3.2, at most 0) is nearer to 0 than SFT's. Contradicted: farther."""
    evidence.require(MAIN, "sft", "tms")
    contrast = evidence.contrast(TMS, SFT, "forgetting")
    values = [evidence.find(MAIN, "forgetting", method=name) for name in ("tms", "sft")]
    floor = evidence.find(MAIN, "forgetting_floor", method="tms")
    text = sentence([contrast])
    if all(values):
        text += f" F of TMS is {100 * values[0]['value']:.1f}, of SFT {100 * values[1]['value']:.1f} points."
    if floor:
        text += f" Chance alone would give TMS {100 * floor['value']:.1f}."
    return conclude(by_direction([contrast]), text, signs([contrast]))


def parity(evidence: Evidence) -> Finding:
    """RQ3. Supported: TMS is at most 2 points below each on-policy method, in target mean and in F.

    That is where the whole 95 % interval of TMS minus the method lies above -2 points (a test of
    non-inferiority; all intervals have to, so they need no correction). Contradicted: a difference is below
    -2 points with p < 0.05 after Holm's correction. Else the data allow both.
    """
    evidence.require(MAIN, "tms")
    rivals = [name for name in ON_POLICY if name in evidence.methods(MAIN)]
    if not rivals:
        raise NotMeasuredError(
            f"no on-policy baseline ({', '.join(ON_POLICY)}) is among the methods measured"
        )
    contrasts = [evidence.contrast(TMS, (MAIN, rival), name) for rival in rivals for name in PLANE]
    p_values = zip(contrasts, shortfalls(contrasts), strict=True)
    below = [Claim(contrast, -MARGIN, -1) for contrast, p_value in p_values if p_value < SIGNIFICANCE]
    if below:
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if all(contrast.low > -MARGIN for contrast in contrasts) else INDISTINGUISHABLE
    claims = below or [Claim(contrast, -MARGIN, 1) for contrast in contrasts]
    text = f"Margin {100 * MARGIN:.0f} points. {sentence(contrasts)}{_levels(evidence, rivals)}"
    beside = _told(evidence, [(rival, "retention_mean") for rival in rivals])
    text += f" Gains included, deciding nothing: {beside}" if beside else ""
    guided = _told(evidence, [(TRAPO, name) for name in PLANE])
    text += (
        f" Deciding nothing, since TRAPO learns from the teacher's answers too: {guided}" if guided else ""
    )
    return conclude(verdict, text, claims)


def mixture(evidence: Evidence) -> Finding:
    """RQ4. Supported: the mixture dominates each single checkpoint with its share of teacher's answers.

    Dominates: above in target mean or F, and no loss beyond 2 points in the other (`dominance`).
    Contradicted: a single checkpoint dominates the mixture. Else indistinguishable. TMS beside Self-, Final-
    and iterative SFT, as the paper compares them, decides nothing: TMS holds teacher's answers and they none.
    """
    evidence.require(MAIN, "tms")
    pairs = [pair for pair in SAME_ALPHA if all(name in evidence.methods(place) for place, name in pair)]
    if not pairs:
        raise NotMeasuredError(
            "no single checkpoint with TMS's share of teacher's answers (experiment mixture); Self- and "
            "Final-SFT hold none of them, so beside TMS they mix two causes"
        )
    verdict, text, claims = _duels(evidence, pairs)
    return conclude(verdict, text + _beside_without_teacher(evidence), claims)


def combination(evidence: Evidence) -> Finding:
    """TMS with the TrSFT loss. Supported: it dominates TMS and TrSFT. Contradicted: one of them dominates it.

    Neither paper has it. Dominates: as in `mixture`.
    """
    evidence.require(MAIN, COMBINATION[1], *(half for _, half in HALVES))
    return conclude(*_duels(evidence, [(COMBINATION, half) for half in HALVES]))


def safety(evidence: Evidence) -> Finding:
    """RQ8. Supported: TMS is above SFT on a safety set or SafetyBench, below on none. Contradicted: reversed.

    Scores are 1 - attack success, so more is safer; over-refusal stands beside them and decides nothing.
    """
    if not evidence.suite.safety:
        raise NotMeasuredError("the model's suite has no safety benchmark")
    evidence.require(MAIN, "sft", "tms")
    sets = [name for name in evidence.suite.retention if name == "safetybench"] + evidence.suite.safety
    contrasts = adjusted([evidence.contrast(TMS, SFT, name) for name in sets])
    text = sentence(contrasts)
    for name in evidence.suite.safety:
        refused = [evidence.find(MAIN, f"{name}.over_refusal", method=method) for method in ("tms", "sft")]
        if all(refused):
            text += (
                f" Over-refusal on {labels.benchmark(name)}: TMS {100 * refused[0]['value']:.1f} %, "
                f"SFT {100 * refused[1]['value']:.1f} %."
            )
    return conclude(by_direction(contrasts), text, signs(contrasts))


def _duels(evidence: Evidence, pairs: list[tuple]) -> tuple[str, str, list[Claim]]:
    """Whether the first of each pair dominates the second, in target mean and F (`dominance`).

    Returns:
        Supported where each does, contradicted where a second dominates its first, else indistinguishable;
        with the words and the claims of it.
    """
    found = adjusted([evidence.contrast(*pair, name) for pair in pairs for name in PLANE])
    of_pair = {pair: found[2 * place : 2 * place + 2] for place, pair in enumerate(pairs)}
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
    claims = [
        claim
        for pair, outcome in outcomes.items()
        if outcome == verdict
        for claim in dominance_claims(of_pair[pair], outcome)
    ]
    return verdict, f"{'; '.join(said)}. {sentence(found)}", claims


def _levels(evidence: Evidence, rivals: list[str]) -> str:
    """Target mean of the base, the rivals and TMS, and which rivals did not learn."""
    found = {name: evidence.find(MAIN, "target_mean", method=name) for name in ("base", *rivals, "tms")}
    said = [f"{labels.method(name)} {100 * cell['value']:.1f}" for name, cell in found.items() if cell]
    text = f" Target mean: {', '.join(said)} %."
    for rival in rivals:
        gain = evidence.find(MAIN, "delta.target_mean", method=rival)
        if gain and not (gain["value"] > 0 and gain["p_value"] < SIGNIFICANCE):
            text += (
                f" {labels.method(rival)} is not above the base, so parity with it in the target says little."
            )
    return text


def _told(evidence: Evidence, rivals: list[tuple[str, str]]) -> str:
    """TMS minus methods of main in quantities, in words; what was not measured is left out."""
    found = []
    for rival, quantity in rivals:
        if rival in evidence.methods(MAIN):
            try:
                found.append(evidence.contrast(TMS, (MAIN, rival), quantity))
            except NotMeasuredError:
                continue
    return sentence(adjusted(found)) if found else ""


def _beside_without_teacher(evidence: Evidence) -> str:
    """TMS beside the methods that hold no teacher's answers; empty where none was measured."""
    found = []
    for other in WITHOUT_TEACHER:
        if other[1] in evidence.methods(other[0]):
            try:
                found += [evidence.contrast(TMS, other, name) for name in PLANE]
            except NotMeasuredError:
                continue
    if not found:
        return ""
    return f" Deciding nothing, since these hold no teacher's answers: {sentence(adjusted(found))}"


def _compute(evidence: Evidence) -> str:
    """What TMS takes beside SFT, all that it depends on included; empty where costs were not measured."""
    said = []
    for name, words in (("optimizer_steps", "optimiser steps"), ("seconds", "time")):
        own, other = (evidence.find(MAIN, f"cost.{name}", method=method) for method in ("tms", "sft"))
        if own and other and other["value"]:
            said.append(f"{own['value'] / other['value']:.1f} times SFT's {words}")
    if not said:
        return ""
    return f" The student has SFT's steps; with its trajectory and harvest TMS takes {' and '.join(said)}."
