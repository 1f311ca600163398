"""Rows that have no grade on their own merits, as tables and the report tell of them."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tms.answers.grade import LIMIT, LOST
from tms.io import parquet

COLUMN = "ungraded"  # of a table, where there are such rows
WORDS = dict.fromkeys(LOST, "lost") | {LIMIT: "limit"}  # else: failed


def ungraded(paths: Iterable[Path], benchmarks: Iterable[str]) -> str:
    """Tell of such rows: `math 2 lost, 1 limit; ifeval 1 failed`; "" where there are none.

    Args:
        paths: grades of one model or several.
        benchmarks: those that count, in this order.
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in benchmarks}
    for path in paths:
        for row in parquet.read(path, ["benchmark", "reason"]):
            if row["reason"] and row["benchmark"] in counts:
                counts[row["benchmark"]][WORDS.get(row["reason"], "failed")] += 1
    return "; ".join(
        f"{name} " + ", ".join(f"{count} {word}" for word, count in sorted(found.items(), reverse=True))
        for name, found in counts.items()
        if found
    )
