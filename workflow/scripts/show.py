"""Print CSV tables with aligned columns; a line above says where they match no more with today's settings."""

import argparse
import csv
from pathlib import Path

from tms.config.suite import NOTE
from tms.io import cli
from tms.io.errors import InputError
from tms.io.text_table import aligned
from tms.metrics.health import COLUMN
from tms.status.stale import headline


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path, help="CSV files")
    parser.add_argument(
        "--together", action="store_true", help="methods' tables as one: the base, then a row for each method"
    )
    parser.add_argument(
        "--configfile", nargs="+", type=Path, default=[], help="laid over config/config.yaml, in order"
    )
    return parser


def read(path: Path) -> list[list[str]]:
    """Read the lines of a CSV file.

    Raises:
        InputError: there is no such file.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; run the stage that makes it")
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def together(tables: dict[Path, list[list[str]]]) -> list[list[str]]:
    """Header, the base's row, and the row of each method, from tables with the rows base, method, delta.

    Raises:
        InputError: two tables have other columns or another base.
    """
    (first, lines), *others = tables.items()
    joined = lines[:3]
    for path, (header, base, method, *_) in others:
        if [header, base] != joined[:2]:
            raise InputError(f"{path}: other columns or another base than {first}; run aggregate again")
        joined.append(method)
    return joined


def without_words(lines: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """A table without notes and warnings, which would make it too wide, and these in lines of their own."""
    told = []
    for column in (NOTE, COLUMN):
        if column not in lines[0]:
            continue
        place = lines[0].index(column)
        said = [(line[0], line[place]) for line in lines[1:] if line[place].strip()]
        if column == NOTE:
            told += dict.fromkeys(f"note: {text}" for _, text in said)
        else:
            told += [f"warning: {row}: {text}" for row, texts in said for text in texts.split("; ")]
        lines = [[*line[:place], *line[place + 1 :]] for line in lines]
    return lines, told


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    tables, warnings = {}, []
    for path in args.tables:
        tables[path], told = without_words(read(path))
        warnings += [line for line in told if line not in warnings]
    if Path("Snakefile").exists():  # else there is nothing to compare with
        for line in headline(list(map(str, args.tables)), args.configfile):
            print(f"{line}\n")
    if args.together:
        print(aligned(together(tables)))
    else:
        for path, lines in tables.items():
            print(f"{path}\n{aligned(lines)}\n")
    for line in warnings:
        print(line)


if __name__ == "__main__":
    cli.run(main, parser())
