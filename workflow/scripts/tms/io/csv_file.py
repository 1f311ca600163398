"""CSV files: tables with a header, whose numbers have fixed decimals."""

import csv
from pathlib import Path

from tms.io.errors import InputError


def decimal(value: float | None, decimals: int) -> str:
    """A number with fixed decimals; nothing for None, and no minus before a zero."""
    if value is None:
        return ""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def write_csv(path: Path, columns: list[str], lines: list[dict]) -> None:
    """Write a CSV file; numbers that are not whole must come as text (`decimal`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def read_csv(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """Read a CSV file that must have the given columns.

    Raises:
        InputError: the file is missing, or lacks a column.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; run the stage that makes it")
    with path.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    missing = [column for column in columns if not lines or column not in lines[0]]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; delete the file and run again")
    return lines
