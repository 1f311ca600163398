"""The sentence of the answer: never surer than the intervals, and than the seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tms.report.answer.comparisons import HIGHER, LOWER, OPEN, SAME
from tms.report.answer.numbers import Quantity
from tms.report.precision import decimals, digits
from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.decisions import MARGIN

WITHIN = f"within {100 * MARGIN:g} points"
# Of each cell its noun, and what an entry does by the outcome; {d} is the amount.
PHRASES = {
    "target_mean": (
        "target score",
        {HIGHER: "scores {d} higher{than}", LOWER: "scores {d} lower{than}", SAME: "scores as high{as_}"},
    ),
    "forgetting": (
        "forgetting",
        {HIGHER: "forgets {d} less{than}", LOWER: "forgets {d} more{than}", SAME: "forgets as much{as_}"},
    ),
    "retention_mean": (
        "skills never trained on",
        {
            HIGHER: "gains {d} on skills never trained on",
            LOWER: "loses {d} on skills never trained on",
            SAME: "keeps its skills",
        },
    ),
    "pld_ref.per_token": (
        "held-out loss",
        {HIGHER: "has a held-out loss {d} lower{than}", LOWER: "has a held-out loss {d} higher{than}"},
    ),
    "kl.policy_base.per_token": (
        "distance from the base",
        {HIGHER: "moves {d} less from the base{than}", LOWER: "moves {d} more from the base{than}"},
    ),
    "loss.per_token": (
        "loss on general text",
        {HIGHER: "reads general text with {d} less loss", LOWER: "reads general text with {d} more loss"},
    ),
}


@dataclass(frozen=True)
class Told:
    """What may be said of an entry beside another in one number.

    Args:
        quantity: the number.
        outcome: higher, lower, same or open (`tms.report.answer.comparisons`).
        contrast: the difference; None: not measured.
        almost_none: whether the entry's forgetting is less than the margin for sure.
    """

    quantity: Quantity
    outcome: str
    contrast: Contrast | None
    almost_none: bool = False

    @property
    def noun(self) -> str:
        """The number's name in a sentence."""
        return PHRASES[self.quantity.cell][0]

    def phrase(self, other: str = "") -> str:
        """What the entry does, with the other's name where it is given."""
        if self.outcome == HIGHER and self.almost_none:
            return f"forgets almost nothing (under {100 * MARGIN:g} points)"
        text = PHRASES[self.quantity.cell][1][self.outcome]
        than, as_ = (f" {word} {other}" if other else "" for word in ("than", "as"))
        said = text.format(d=amount(self.quantity, self.contrast), than=than, as_=as_)
        return f"{said} ({WITHIN})" if self.outcome == SAME else said


def amount(quantity: Quantity, contrast: Contrast) -> str:
    """The size of a difference in its unit, in few digits: no more than its interval carries.

    Whole points, where it has one or more; else two significant digits.
    """
    shown = contrast.scaled(quantity.factor)
    size, half = abs(shown.value), (shown.high - shown.low) / 2
    places = 0 if quantity.is_share and size >= 1 else 1 - math.floor(math.log10(size or 1.0))
    text = digits(size, min(places, decimals(half)) if half else places)
    unit = "points" if quantity.is_share else quantity.unit
    return f"{text} {'point' if (text, unit) == ('1', 'points') else unit}"


def beside(entry: str, other: str, told: Sequence[Told]) -> str:
    """An entry beside another: what is higher, lower or as much, then what cannot be told apart.

    What was not measured is named where nothing was.
    """
    known = [one for one in told if one.outcome != OPEN]
    measured = [one.noun for one in told if one.outcome == OPEN and one.contrast is not None]
    missing = [one.noun for one in told if one.outcome == OPEN and one.contrast is None]
    parts = []
    if known:
        first, *rest = known
        parts.append(" and ".join([f"{entry} {first.phrase(other)}", *(one.phrase() for one in rest)]))
        parts += [f"its {' and '.join(measured)} cannot be told apart from {other}'s"] if measured else []
    elif measured:
        where = f"neither in {' nor in '.join(measured)}" if len(measured) > 1 else f"in {measured[0]}"
        parts.append(f"{entry} and {other} cannot be told apart{',' * (len(measured) > 1)} {where}")
    if missing and not parts:
        parts.append(f"{' and '.join(missing)} {'were' if len(missing) > 1 else 'was'} not compared")
    return "; ".join(parts)
