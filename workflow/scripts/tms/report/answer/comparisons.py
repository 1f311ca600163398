"""Outcomes of comparing two entries in one number: higher, lower, as much within a margin, or open."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tms.report.answer.numbers import BASE, Entry, Quantity
from tms.report.cell_lookup import CellLookup
from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.decisions import MARGIN

HIGHER, LOWER, SAME, OPEN = "higher", "lower", "same", "open"


def contrast(lookup: CellLookup, quantity: Quantity, entry: Entry, reference: Entry) -> Contrast | None:
    """An entry minus a reference, positive where the entry is better; None where it was not measured.

    Scores are compared on the same examples (of the entry's half), losses by their two intervals.
    """
    if not quantity.is_share:
        readings = [quantity.reading(lookup, one) for one in (entry, reference)]
        if any(one is None or one.low is None or one.high is None for one in readings):
            return None
        if reference.role == BASE:  # one model, whatever the seeds
            readings[1] = replace(readings[1], seeds_low=readings[1].value, seeds_high=readings[1].value)
        return Contrast.apart(quantity.title, *(one.scaled(quantity.sign) for one in readings))
    family = "delta" if reference.role == BASE else f"versus_{reference.method}"
    names = [f"{family}.{quantity.cell}"]
    if family == "delta" and quantity.cell == "retention_mean":
        names.append("retention_delta")
    for name in names:
        reading = lookup.reading(entry.experiment, name, entry.method, **entry.columns)
        if reading is not None and reading.low is not None and reading.high is not None:
            return Contrast.difference(quantity.title, reading)
    return None


def outcome(found: Contrast | None, quantity: Quantity, seeds: int) -> str:
    """What a difference allows to say.

    `HIGHER` (better) and `LOWER` need an interval that leaves out 0 and a p-value below 0.05, `SAME` an
    interval within 2 points to either side, for scores alone. Of several seeds the interval has to know.

    Args:
        found: the difference; None: not measured.
        quantity: what it is of.
        seeds: number of seeds that were run.
    """
    if found is None or (seeds > 1 and found.of_one_run):
        return OPEN
    if found.direction > 0 and found.low > 0:
        return HIGHER
    if found.direction < 0 and found.high < 0:
        return LOWER
    return SAME if quantity.is_share and found.low > -MARGIN and found.high < MARGIN else OPEN


def beats(outcomes: Iterable[str]) -> bool:
    """Whether an entry is better in something and shown worse in nothing."""
    told = set(outcomes)
    return HIGHER in told and LOWER not in told


def leaders(entries: Sequence[Entry], outcomes: Sequence[str]) -> list[Entry]:
    """Those of two entries that the other does not beat, by the outcomes of the first against the second."""
    if len(entries) < 2:
        return list(entries)
    turned = {HIGHER: LOWER, LOWER: HIGHER}
    mirrored = [turned.get(one, one) for one in outcomes]
    if beats(outcomes):
        return [entries[0]]
    return [entries[1]] if beats(mirrored) else list(entries)
