"""Rows of the check's table, and how they are printed."""

from collections.abc import Iterable
from dataclasses import dataclass

PASS, FAIL, SKIPPED = "pass", "fail", "skipped"


@dataclass(frozen=True)
class Row:
    """One finding.

    Attributes:
        check: what was looked at, e.g. "train qwen7b".
        status: PASS, FAIL (the workflow would fail) or SKIPPED (not looked at, `found` says why).
        found: one line: figures, or what is wrong.
        remedy: what to do; empty where nothing is to be done.
    """

    check: str
    status: str
    found: str
    remedy: str = ""


def table(rows: Iterable[Row]) -> str:
    """Rows as text, each remedy on a line of its own below its row."""
    rows = list(rows)
    width = max(len(row.check) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{row.check:{width}}  {row.status:7}  {row.found}".rstrip())
        if row.remedy:
            lines.append(f"{'':{width}}           to do: {row.remedy}")
    counts = {status: sum(row.status == status for row in rows) for status in (PASS, FAIL, SKIPPED)}
    return "\n".join([*lines, "", ", ".join(f"{count} {status}" for status, count in counts.items())])


def failed(rows: Iterable[Row]) -> bool:
    """Whether the workflow would fail."""
    return any(row.status == FAIL for row in rows)
