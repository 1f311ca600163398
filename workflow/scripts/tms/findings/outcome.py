"""What TMS does to targets and retention: the frontier control, RQ1 to RQ4, and RQ8."""

from tms.drawing import names
from tms.findings.evidence import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    Contrast,
    Evidence,
    Finding,
    NotMeasuredError,
    adjusted,
    by_direction,
    conclude,
    p_text,
    seeds_of,
    sentence,
)

MAIN, MIXTURE, FRONTIER = "main", "mixture", "frontier"
SFT, TMS = (MAIN, "sft"), (MAIN, "tms")
ON_POLICY = ("grpo", "reinforce")
# The largest gap in retention between TMS and GRPO that the paper calls near-RL is 1.5 points (Table 9: ARC-C
# and SafetyBench of Qwen-2.5-7B, SafetyBench of 1.5B); 2 points are the next round number.
PARITY = 0.02
PLANE = ("target_mean", "forgetting")
# (mixture, single checkpoint) with the same share of teacher's answers: alpha 0.25, then 0.
SAME_ALPHA = (
    (TMS, (MIXTURE, "tms_theta0")),
    (TMS, (MIXTURE, "tms_final")),
    ((MIXTURE, "tms_alpha0"), (MAIN, "self_sft")),
    ((MIXTURE, "tms_alpha0"), (MAIN, "final_sft")),
)


def frontier(evidence: Evidence) -> Finding:
    """Does TMS's front of accuracy and forgetting lie above SFT's?

    Supported: the area that TMS's front dominates is larger than SFT's (p < 0.05). Contradicted: smaller.
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
            said.append(f"{names.method(side)} {area['value']:.4f} ({area['note']})")
    text = f"Dominated area on test: {'; '.join(said)}. Difference {found['value']:+.4f} "
    text += f"(95 % {low:+.4f} to {high:+.4f}, {p_text(p_value)}"
    text += f", over seeds {seeds[0]:+.4f} to {seeds[1]:+.4f})." if seeds else ")."
    return conclude(by_direction([difference]), text, [difference])


def target(evidence: Evidence) -> Finding:
    """RQ1. Supported: TMS is above SFT on a target or a view, and below on none. Contradicted: reversed."""
    evidence.require(MAIN, "sft", "tms")
    columns = [*evidence.suite.targets, *evidence.suite.views]
    contrasts = adjusted([evidence.contrast(TMS, SFT, name) for name in columns])
    return conclude(by_direction(contrasts), sentence(contrasts) + _compute(evidence), contrasts)


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
    return conclude(by_direction([contrast]), text, [contrast])


def parity(evidence: Evidence) -> Finding:
    """RQ3. Supported: TMS is at most 2 points below each on-policy method, in target mean and in F.

    That is where the whole 95 % interval of TMS minus the method lies above -2 points (a test of
    non-inferiority). Contradicted: an interval lies wholly below -2 points. Else the data allow both.
    """
    evidence.require(MAIN, "tms")
    rivals = [name for name in ON_POLICY if name in evidence.methods(MAIN)]
    if not rivals:
        raise NotMeasuredError(
            f"no on-policy baseline ({', '.join(ON_POLICY)}) is among the methods measured"
        )
    contrasts = [evidence.contrast(TMS, (MAIN, rival), name) for rival in rivals for name in PLANE]
    if any(contrast.high < -PARITY for contrast in contrasts):
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if all(contrast.low > -PARITY for contrast in contrasts) else INDISTINGUISHABLE
    return conclude(verdict, f"Margin {100 * PARITY:.0f} points. {sentence(contrasts)}", contrasts)


def mixture(evidence: Evidence) -> Finding:
    """RQ4. Supported: the mixture dominates each single checkpoint with its share of teacher's answers.

    Dominates: above in target mean or F, and below in neither. Contradicted: a single checkpoint dominates
    the mixture. Else indistinguishable. TMS beside Self- and Final-SFT, as the paper compares them, decides
    nothing: TMS holds teacher's answers and they hold none.
    """
    evidence.require(MAIN, "tms")
    pairs = [pair for pair in SAME_ALPHA if all(name in evidence.methods(place) for place, name in pair)]
    if not pairs:
        raise NotMeasuredError(
            "no single checkpoint with TMS's share of teacher's answers (experiment mixture); Self- and "
            "Final-SFT hold none of them, so beside TMS they mix two causes"
        )
    found = adjusted([evidence.contrast(*pair, name) for pair in pairs for name in PLANE])
    outcomes = {
        pair: by_direction(found[2 * place : 2 * place + 2]) for place, pair in enumerate(pairs)
    }  # two contrasts a pair
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
        f"{names.method(first[1])} {words[outcome]} {names.method(second[1])}"
        for (first, second), outcome in outcomes.items()
    ]
    return conclude(verdict, f"{'; '.join(said)}. {sentence(found)}", found)


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
                f" Over-refusal on {names.benchmark(name)}: TMS {100 * refused[0]['value']:.1f} %, "
                f"SFT {100 * refused[1]['value']:.1f} %."
            )
    return conclude(by_direction(contrasts), text, contrasts)


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
