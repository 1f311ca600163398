"""Faults of printed tables: numbers with more digits than their interval, exponents, columns that repeat."""

import re
from pathlib import Path

from tms.report.page.page_tables import from_markdown
from tms.report.precision import exceeds

INTERVAL = re.compile(r"\[(\S+), (\S+)\]|(\S+) to (\S+)")
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
