"""From differences between methods to a verdict."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tms.metrics.paired_tests import holm
from tms.report.research_questions.contrasts import Contrast, adjusted

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INDISTINGUISHABLE, NOT_MEASURED = "indistinguishable", "not measured"
INCONCLUSIVE = "inconclusive over seeds"
DESCRIBED = "described"  # numbers of too few units for any test

FOR_THIS_RUN = " for this run"  # of a verdict from one seed, which says nothing of other runs
# The largest gap in retention between TMS and GRPO that the paper calls near-RL is 1.5 points (Table 9: ARC-C
# and SafetyBench of Qwen-2.5-7B, SafetyBench of 1.5B); 2 points are the next round number.
MARGIN = 0.02
Rule = Callable[[Sequence[Contrast]], str]


class Finding(NamedTuple):
    """Answer to one question.

    Args:
        verdict: in a word or two.
        sentence: what the runs showed and how far it holds, in words.
        evidence: what else has to be known of the verdict.
        differences: rows of the table behind it (`Contrast.row`).
    """

    verdict: str
    sentence: str
    evidence: str
    differences: Sequence[dict] = ()


def by_direction(contrasts: Sequence[Contrast]) -> str:
    """Verdict on a claim that some differences are positive and none is negative.

    Supported and contradicted mirror each other: changing all signs swaps them. Where nothing differs, or
    differences point both ways, neither follows: indistinguishable. Where one difference decides and the
    interval over seeds of another holds a loss of 2 points, other seeds may make it one of both ways:
    inconclusive.
    """
    directions = {contrast.direction for contrast in contrasts}
    if len(directions & {1, -1}) != 1:
        return INDISTINGUISHABLE
    sign = 1 if 1 in directions else -1
    ends = [sign * end for contrast in contrasts for end in contrast.over_seeds or ()]
    if min(ends, default=0.0) <= -MARGIN:
        return INCONCLUSIVE
    return SUPPORTED if sign == 1 else CONTRADICTED


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


def first_differs(contrasts: Sequence[Contrast]) -> str:
    """Verdict by the direction of the first difference, with Holm's correction over all of them."""
    return by_direction(adjusted(contrasts)[:1])


def any_differs(contrasts: Sequence[Contrast]) -> str:
    """Verdict by the directions of all differences, with Holm's correction over them."""
    return by_direction(adjusted(contrasts))


def shortfalls(contrasts: Sequence[Contrast]) -> list[float]:
    """P-values that each difference is not below -2 points, with Holm's correction; 1 where it is above."""
    return holm([one.p_from(-MARGIN) if one.value < -MARGIN else 1.0 for one in contrasts])


def within(contrasts: Sequence[Contrast], margin: float = MARGIN) -> bool:
    """Whether the interval of every difference, over examples and seeds, lies within a margin around 0."""
    return all(-margin < contrast.low and contrast.high < margin for contrast in contrasts)


def over_seeds(
    rule: Rule, contrasts: Sequence[Contrast], margin: float = MARGIN, deciding: int | None = None
) -> str:
    """The verdict of a rule, and where several seeds are what leaves it open: inconclusive over seeds.

    That is where the rule decides nothing, but would decide on these runs alone (from the test examples), or
    says one thing of all differences at the lower ends of their intervals over seeds and another at the
    upper ones: other seeds may turn it. Two methods whose difference lies within the margin in everything,
    examples and seeds included, stay indistinguishable, which then is shown.

    Args:
        rule: from differences, with p-values before any correction, to a verdict; it must not fall where a
            difference rises.
        contrasts: all differences that the rule takes, those first that decide.
        margin: what counts as no difference; 0: none is small enough (areas have no unit of their own).
        deciding: how many decide; the others enter the correction alone. None: all.
    """
    verdict, first = rule(contrasts), contrasts[:deciding]
    if verdict != INDISTINGUISHABLE or of_one_run(first) or within(first, margin):
        return verdict
    lowest, highest = (rule([one.at(_end(one, end)) for one in contrasts]) for end in (0, 1))
    settled = lowest == highest and rule([one.alone for one in contrasts]) == INDISTINGUISHABLE
    return INDISTINGUISHABLE if settled else INCONCLUSIVE


def _end(contrast: Contrast, end: int) -> float:
    """The lower (0) or upper (1) end of the interval over seeds; with one seed there is the value alone."""
    return contrast.value if contrast.of_one_run else contrast.over_seeds[end]


def of_one_run(contrasts: Sequence[Contrast]) -> bool:
    """Whether one of the differences has a single seed, so that a verdict is of its run."""
    return any(contrast.of_one_run for contrast in contrasts)


def conclude(
    verdict: str,
    sentence: str,
    evidence: str,
    contrasts: Sequence[Contrast],
    beside: Sequence[Contrast] = (),
    unit: str = "points",
) -> Finding:
    """The finding from the differences that were tested; where one has a single seed, it is for that run.

    Args:
        contrasts: what decides.
        beside: differences that decide nothing.
    """
    rows = [one.row(unit=unit) for one in contrasts] + [one.row(False, unit) for one in beside]
    if of_one_run(contrasts) and verdict != INCONCLUSIVE:
        verdict += FOR_THIS_RUN
    return Finding(verdict, sentence, evidence.strip() or "The table has the differences.", rows)
