"""Checks after a fault: equal results, no row generated twice, nothing left behind, one line a fault."""

import csv
import hashlib
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from torture.damage import PLACES

# Times that a run took are no results.
TIMES = {"seconds"}
ERROR = re.compile(r"^\s*(?:\S+: )?error: (?P<said>.+)$", re.M)
TEMPORARY = re.compile(r"\.unfinished$|\.tmp$|^\..+\.\d+$")


def contents(folder: Path) -> dict[str, str]:
    """Digests of what a run has made, without the times that it took.

    Rows are compared in what the stages made of them, unfinished work and records of commands not at all.
    """
    found = {}
    for place in PLACES:
        for file in sorted((folder / place).rglob("*")):
            name = str(file.relative_to(folder))
            hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
            if file.is_file() and not hidden and place != "rows" and "/unfinished/" not in name:
                found[name] = digest(file)
    return found


def digest(file: Path) -> str:
    """SHA-256 of a file's content without times; a text that equals none, where it cannot be read."""
    try:
        if file.suffix == ".parquet":
            table = pq.read_table(file, partitioning=None)
            kept = [name for name in table.column_names if name not in TIMES]
            data = json.dumps(table.select(kept).to_pylist(), default=str).encode()
        elif file.suffix == ".json":
            data = json.dumps(_timeless(json.loads(file.read_text()))).encode()
        elif file.name == "cost.csv":
            with file.open(newline="") as stream:
                data = json.dumps(_timeless(list(csv.DictReader(stream)))).encode()
        else:
            data = file.read_bytes()
    except (OSError, ValueError, pa.ArrowException) as error:
        return f"unreadable: {error!r}"[:200]
    return hashlib.sha256(data).hexdigest()


def _timeless(value):
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in TIMES}
    return [_timeless(item) for item in value] if isinstance(value, list) else value


def differences(found: dict[str, str], undisturbed: dict[str, str], needed: list[str]) -> list[str]:
    """Files that are not those of the undisturbed run, and needed ones that are missing."""
    other = [name for name, value in found.items() if undisturbed.get(name, value) != value]
    missing = [
        name
        for wanted in needed
        for name in undisturbed
        if (name == wanted or name.startswith(f"{wanted}/")) and name not in found
    ]
    return sorted([*(f"{name}: other content" for name in other), *(f"{name}: missing" for name in missing)])


def stored(rows: Path) -> dict[tuple[str, str], set[float]]:
    """Each stored row's model and key, with the seconds of each time that it was generated.

    Segments are merged, so a row that lies in two of them was generated once if its seconds are the same. A
    segment that cannot be read holds none.
    """
    found: dict[tuple[str, str], set[float]] = {}
    for segment in rows.rglob("*.parquet"):
        try:
            table = pq.read_table(segment, columns=["key", "seconds"], partitioning=None)
        except (OSError, ValueError, pa.ArrowException):
            continue
        for row in table.to_pylist():
            found.setdefault((segment.parent.name, row["key"]), set()).add(row["seconds"])
    return found


def twice(found: dict[tuple[str, str], set[float]]) -> int:
    """Number of rows generated that had been generated before."""
    return sum(len(seconds) - 1 for seconds in found.values())


def left_behind(folder: Path) -> list[str]:
    """Temporary files and unfinished work that lie about after a run has ended well."""
    places = [file for place in PLACES for file in (folder / place).rglob("*")]
    names = (file for file in places if TEMPORARY.search(file.name))
    work = (file for file in places if file.parent.name == "unfinished")
    return sorted(str(file.relative_to(folder)) for file in {*names, *work})


def error_lines(printed: str) -> list[str]:
    """The lines in which programs say what is wrong."""
    return list(dict.fromkeys(match["said"] for match in ERROR.finditer(printed)))


def tracebacks(printed: str) -> int:
    """Tracebacks in what was printed."""
    return printed.count("Traceback (most recent call last)")
