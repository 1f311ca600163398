"""From differences between methods to a verdict, and how far other seeds may turn it around."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from tms.metrics.paired_tests import holm
from tms.report.research_questions.contrasts import NORMAL_95, Contrast

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INDISTINGUISHABLE, NOT_MEASURED = "indistinguishable", "not measured"

CAUTION = "Holds for these runs; between seeds the differences vary so much that others may turn it around."
ONE_SEED = "One seed: another may turn it around."
# The largest gap in retention between TMS and GRPO that the paper calls near-RL is 1.5 points (Table 9: ARC-C
# and SafetyBench of Qwen-2.5-7B, SafetyBench of 1.5B); 2 points are the next round number.
MARGIN = 0.02


class Finding(NamedTuple):
    """Verdict on one question, the sentence that carries its numbers, and what may turn it around."""

    verdict: str
    evidence: str
    caution: str = ""


class Claim(NamedTuple):
    """A part of a verdict's grounds: that a difference is above (side 1) or below (side -1) a bound."""

    contrast: Contrast
    bound: float
    side: int


def by_direction(contrasts: Sequence[Contrast]) -> str:
    """Verdict on a claim that some differences are positive and none is negative.

    Supported and contradicted mirror each other: changing all signs swaps them. Where nothing differs, or
    differences point both ways, neither follows: indistinguishable.
    """
    directions = {contrast.direction for contrast in contrasts}
    if 1 in directions and -1 not in directions:
        return SUPPORTED
    return CONTRADICTED if -1 in directions and 1 not in directions else INDISTINGUISHABLE


def dominance(contrasts: Sequence[Contrast]) -> str:
    """Verdict on a claim that the first method dominates: above in something, and without loss in the rest.

    Without loss: no interval reaches 2 points below (non-inferiority; a difference that is not significant
    alone would not show it), and no difference is below. Contradicted: the second method dominates.
    """
    verdict = by_direction(contrasts)
    kept = {
        SUPPORTED: all(contrast.low > -MARGIN for contrast in contrasts),
        CONTRADICTED: all(contrast.high < MARGIN for contrast in contrasts),
    }
    return verdict if kept.get(verdict) else INDISTINGUISHABLE


def shortfalls(contrasts: Sequence[Contrast]) -> list[float]:
    """P-values that each difference is not below -2 points, with Holm's correction; 1 where it seems above.

    From the intervals, as of normal estimates.
    """
    p_values = []
    for contrast in contrasts:
        error, below = (contrast.high - contrast.low) / 2 / NORMAL_95, -MARGIN - contrast.value
        p_values.append(math.erfc(below / error / math.sqrt(2)) if error and below > 0 else float(below <= 0))
    return holm(p_values)


def signs(contrasts: Sequence[Contrast]) -> list[Claim]:
    """The claims of those differences that have a direction."""
    return [Claim(contrast, 0.0, contrast.direction) for contrast in contrasts if contrast.direction]


def dominance_claims(contrasts: Sequence[Contrast], verdict: str) -> list[Claim]:
    """The claims behind a verdict of `dominance`: what is above 0, and that the rest is without loss."""
    side = 1 if verdict == SUPPORTED else -1
    return [Claim(contrast, 0.0 if contrast.direction else -side * MARGIN, side) for contrast in contrasts]


def conclude(verdict: str, evidence: str, claims: Sequence[Claim]) -> Finding:
    """The finding from what it rests on, with a caution where that may be these seeds' alone.

    Tests are on the test examples, for the runs that were trained. Where the interval over seeds of a
    difference reaches the bound that decided, runs with other seeds may turn it around; with one seed nobody
    knows.
    """
    caution = ""
    if verdict in (SUPPORTED, CONTRADICTED):
        if any(claim.contrast.over_seeds is None for claim in claims):
            caution = ONE_SEED
        elif any(_may_turn(claim) for claim in claims):
            caution = CAUTION
    return Finding(verdict, evidence, caution)


def _may_turn(claim: Claim) -> bool:
    low, high = claim.contrast.over_seeds
    return low <= claim.bound if claim.side > 0 else high >= claim.bound
