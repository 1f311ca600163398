"""CSV files: tables with a header, whose numbers have fixed decimals."""

import csv
from pathlib import Path

from tms.io.errors import InputError
from tms.io.whole_file import writing


def decimal(value: float | None, decimals: int) -> str:
    """A number with fixed decimals; nothing for None, and no minus before a zero."""
    if value is None:
        return ""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def write_csv(path: Path, columns: list[str], lines: list[dict]) -> None:
    """Write a CSV file, whole or not at all; numbers that are not whole must come as text (`decimal`).

    Raises:
        InputError: as `whole_file.writing`.
    """
    with writing(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
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
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable CSV file ({error}); delete it and run again") from error
    missing = [column for column in columns if not lines or column not in lines[0]]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; delete the file and run again")
    return lines
