"""From differences between methods to a verdict."""

from collections.abc import Sequence
from typing import NamedTuple

from tms.metrics.paired_tests import holm
from tms.report.research_questions.contrasts import Contrast

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INDISTINGUISHABLE, NOT_MEASURED = "indistinguishable", "not measured"
DESCRIBED = "described"  # numbers of too few units for any test

FOR_THIS_RUN = " for this run"  # of a verdict from one seed, which says nothing of other runs
# The largest gap in retention between TMS and GRPO that the paper calls near-RL is 1.5 points (Table 9: ARC-C
# and SafetyBench of Qwen-2.5-7B, SafetyBench of 1.5B); 2 points are the next round number.
MARGIN = 0.02


class Finding(NamedTuple):
    """Verdict on one question, and the sentence that carries its numbers."""

    verdict: str
    evidence: str


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
    """P-values that each difference is not below -2 points, with Holm's correction; 1 where it is above."""
    return holm([one.p_from(-MARGIN) if one.value < -MARGIN else 1.0 for one in contrasts])


def conclude(verdict: str, evidence: str, contrasts: Sequence[Contrast]) -> Finding:
    """The finding from the differences that were tested; where one has a single seed, it is for that run."""
    one_run = any(contrast.of_one_run for contrast in contrasts)
    return Finding(verdict + FOR_THIS_RUN if one_run else verdict, evidence)
