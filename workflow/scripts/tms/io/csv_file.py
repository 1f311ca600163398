"""CSV files: tables with a header, whose numbers have fixed decimals."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
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


def read_csv(path: Path, columns: list[str], empty: bool = False) -> list[dict[str, str]]:
    """Read a CSV file that must have the given columns.

    Args:
        path: of the file.
        columns: that it has, among others.
        empty: whether it may have no row.

    Raises:
        InputError: the file is missing, cannot be read, or lacks a column, a row or a value.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; run the stage that makes it")
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            lines, named = list(reader), reader.fieldnames or []
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable CSV file ({error}); delete it and run again") from error
    if missing := [column for column in columns if column not in named]:
        raise InputError(f"{path}: no column {', '.join(missing)}; delete the file and run again")
    if not lines and not empty:
        raise InputError(f"{path}: no row in it; delete the file and run again")
    for number, line in enumerate(lines, 1):
        if None in line or None in line.values():
            raise InputError(f"{path}: row {number} has not {len(named)} values; delete it and run again")
    return lines


@contextmanager
def values_of(path: Path) -> Iterator[None]:
    """Around what takes numbers from the lines of a file.

    Raises:
        InputError: one is none, or a line is not there.
    """
    try:
        yield
    except (ValueError, LookupError) as error:
        raise InputError(f"{path}: a value cannot be read ({error}); delete it and run again") from error
