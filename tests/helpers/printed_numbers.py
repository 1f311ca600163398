"""Faults of printed tables: numbers with more digits than their interval, exponents, columns that repeat."""

import re
from pathlib import Path

from tms.report.page.page_tables import from_markdown
from tms.report.precision import decimals

INTERVAL = re.compile(r"\[(\S+), (\S+)\]|(\S+) to (\S+)")
NUMBER = re.compile(r"[-+−]?\d+(\.\d+)?")
EXPONENT = re.compile(r"\de[+-]?\d", re.IGNORECASE)


def faults(path: Path) -> list[str]:
    """The faults of a table in Markdown, each in words."""
    table = from_markdown(path, path.stem, path.stem)
    found = []
    for place, column in enumerate(table.columns):
        entries = [row[place] for row in table.rows]
        if place and len(entries) > 1 and len({(entry.text, entry.below) for entry in entries}) == 1:
            found.append(f"{path.name}, {column}: the same in every row")
        for entry in entries:
            interval = INTERVAL.search(entry.below)
            low, high = [bound for bound in interval.groups() if bound] if interval else ("", "")
            if interval and exceeds(entry.text, low, high):
                found.append(f"{path.name}, {column}: {entry.text} {entry.below}")
            if table.numeric[place] and EXPONENT.search(f"{entry.text} {entry.below}"):
                found.append(f"{path.name}, {column}: {entry.text} {entry.below}")
    return found


def exceeds(value: str, low: str, high: str) -> bool:
    """True if a printed number, or a bound of its interval, has more digits than the interval carries.

    Args:
        value: the printed number; it may have a sign of either kind, thousands apart, or a unit behind it.
        low: the printed lower bound.
        high: the printed upper bound.

    Raises:
        ValueError: one of them starts with no number.
    """
    texts = [_bare(text) for text in (value, low, high)]
    places = max(map(_decimals, texts))
    # The bounds were rounded too: the narrowest interval that prints so.
    narrowest = (float(texts[2]) - float(texts[1])) / 2 - 10.0**-places / 2
    return narrowest > 1e-12 and places > decimals(narrowest * (1 - 1e-9))


def _bare(text: str) -> str:
    """The digits, point and minus that a text starts with."""
    match = NUMBER.match(text.strip().replace(",", ""))
    if not match:
        raise ValueError(f"no number: {text}")
    return match[0].replace("−", "-")


def _decimals(text: str) -> int:
    """Decimals of a printed number; below zero by the zeros that it ends with, of a bare 0 by many."""
    _, _, part = text.partition(".")
    if part:
        return len(part)
    return len(text.rstrip("0")) - len(text) if text.strip("+-0") else -99
