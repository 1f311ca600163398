"""Print CSV tables with aligned columns."""

import argparse
import csv
from pathlib import Path

from tms import program
from tms.errors import InputError


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path, help="CSV files")
    return parser


def aligned(lines: list[list[str]]) -> str:
    """Lines of cells as text: the first column to the left, all others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main(args: argparse.Namespace) -> None:
    for path in args.tables:
        if not path.exists():
            raise InputError(f"{path}: no such file; run the stage that makes it")
        with path.open(newline="") as stream:
            print(f"{path}\n{aligned(list(csv.reader(stream)))}\n")


if __name__ == "__main__":
    program.run(main, parser())
