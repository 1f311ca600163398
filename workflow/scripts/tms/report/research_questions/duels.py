"""Questions that ask whether methods dominate others: a few differences a pair, e.g. in target mean and F."""

from collections.abc import Mapping, Sequence

from tms.experiments import labels
from tms.experiments.frontier import PLANE
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.research_questions import sentences
from tms.report.research_questions.contrasts import Contrast, adjusted
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    Finding,
    Rule,
    conclude,
    dominance,
    of_one_run,
    over_seeds,
)

MAIN = "main"
SFT, TMS = (MAIN, "sft"), (MAIN, "tms")  # experiment, method


def pairs(contrasts: Sequence[Contrast], size: int = 2) -> list[Sequence[Contrast]]:
    """The differences of each pair of methods.

    Args:
        contrasts: those of one pair after those of another.
        size: number of differences of a pair.
    """
    return [contrasts[place : place + size] for place in range(0, len(contrasts), size)]


def outcomes(contrasts: Sequence[Contrast], size: int = 2) -> list[str]:
    """Whether the first of each pair dominates the second, with Holm's correction over all differences."""
    return [dominance(pair) for pair in pairs(adjusted(contrasts), size)]


def every(contrasts: Sequence[Contrast]) -> str:
    """Verdict on a claim that the first of each pair dominates: contradicted where one second does."""
    found = outcomes(contrasts)
    if CONTRADICTED in found:
        return CONTRADICTED
    return SUPPORTED if set(found) == {SUPPORTED} else INDISTINGUISHABLE


def sentence(facts: Mapping[str, str], contrasts: Sequence[Contrast], rule: Rule, verdict: str) -> str:
    """A sentence about pairs of methods.

    Args:
        facts: what is said where a rule's outcome is supported, contradicted or indistinguishable.
        contrasts: all differences, before any correction.
        rule: reaches the verdict.
    """
    shown = verdict
    if verdict not in (SUPPORTED, CONTRADICTED):
        shown = rule(contrasts if of_one_run(contrasts) else [one.alone for one in contrasts])
    tested = adjusted(contrasts)
    # Differences both ways settle it where the rule says so whatever the open ones turn out to be.
    ends = {rule([one.at(one.direction or end) for one in tested]) for end in (1, -1)}
    mixed = ends == {INDISTINGUISHABLE}
    return sentences.told([facts[shown]], tested, verdict, open_fact=shown != INDISTINGUISHABLE, mixed=mixed)


def finding(
    lookup: CellLookup,
    pairs: list[tuple],
    facts: dict[str, str],
    beside_text: str = "",
    beside: Sequence[Contrast] = (),
) -> Finding:
    """Finding on the first of each pair dominating the second, in target mean and F (`every`).

    Args:
        facts: for `sentence`.
        beside_text, beside: what stands beside it and decides nothing.
    """
    contrasts = [Contrast.between(lookup, *pair, name) for pair in pairs for name in PLANE]
    verdict = over_seeds(every, contrasts)
    words = {
        SUPPORTED: "dominates",
        CONTRADICTED: "is dominated by",
        INDISTINGUISHABLE: "neither dominates nor is by",
    }
    said = [
        f"{labels.method(first[1])} {words[outcome]} {labels.method(second[1])}"
        for (first, second), outcome in zip(pairs, outcomes(contrasts), strict=True)
    ]
    told = sentence(facts, contrasts, every, verdict)
    return conclude(verdict, told, f"{'; '.join(said)}.{beside_text}", adjusted(contrasts), beside)


def beside(lookup: CellLookup, asked: list[tuple]) -> list[Contrast]:
    """Differences (first, second, quantity) that decide nothing; what was not measured is left out."""
    contrasts = []
    for first, second, quantity in asked:
        if second[1] in lookup.methods(second[0]):
            try:
                contrasts.append(Contrast.between(lookup, first, second, quantity))
            except NotMeasuredError:
                continue
    return adjusted(contrasts)
