"""CSV files: tables with a header, whose numbers have fixed decimals.

CSV has no place for a checksum. So that of a stage's file lies beside it, as `.{name}.crc`. Files without it
were written before there was one, by hand, or by another program, or are copies.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tms.io import disk
from tms.io.checksum import CHANGED, checksum
from tms.io.errors import InputError
from tms.io.json_file import DELETE, MISSING
from tms.io.whole_file import write_bytes, writing


def decimal(value: float | None, decimals: int) -> str:
    """A number with fixed decimals; nothing for None, and no minus before a zero."""
    if value is None:
        return ""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def write_csv(path: Path, columns: list[str], lines: list[dict]) -> None:
    """Write a CSV file, whole or not at all, and then its checksum beside it.

    What is killed before the second leaves a file without a checksum, and never one with another's.

    Args:
        path: the file; its folder is made.
        columns: in their order.
        lines: its rows; numbers that are not whole must come as text (`decimal`).

    Raises:
        InputError: as `whole_file.writing`.
    """
    data = as_csv(columns, lines)
    with writing(path) as unfinished:
        unfinished.write_bytes(data)
        checksum_file(path).unlink(missing_ok=True)
    write_bytes(checksum_file(path), f"{checksum(data)}\n".encode())


def as_csv(columns: list[str], lines: list[dict]) -> bytes:
    """Content of a CSV file, for one that is written without a checksum beside it; as `write_csv`."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def checksum_file(path: Path) -> Path:
    """The file that holds the checksum of a CSV file."""
    return path.with_name(f".{path.name}.crc")


def read_csv(path: Path, columns: list[str], empty: bool = False) -> list[dict[str, str]]:
    """Read a CSV file that must have the given columns.

    Args:
        path: of the file.
        columns: that it has, among others.
        empty: whether it may have no row.

    Raises:
        InputError: the file is missing, cannot be read, was changed, or lacks a column, a row or a value.
    """
    data = disk.read(path)
    if data is None:
        raise InputError(f"{path}: no such file; {MISSING}")
    try:
        if disk.read(checksum_file(path)) not in (None, f"{checksum(data)}\n".encode()):
            raise ValueError(CHANGED)
        reader = csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True)
        lines, named = list(reader), reader.fieldnames or []
    except (csv.Error, ValueError) as error:
        raise InputError(f"{path}: not a readable CSV file ({error}); {DELETE}") from error
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
