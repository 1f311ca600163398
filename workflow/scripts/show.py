"""Print CSV tables with aligned columns."""

import argparse
import csv
from pathlib import Path

from tms.io import cli
from tms.io.errors import InputError
from tms.io.text_table import aligned


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path, help="CSV files")
    return parser


def main(args: argparse.Namespace) -> None:
    for path in args.tables:
        if not path.exists():
            raise InputError(f"{path}: no such file; run the stage that makes it")
        with path.open(newline="") as stream:
            print(f"{path}\n{aligned(list(csv.reader(stream)))}\n")


if __name__ == "__main__":
    cli.run(main, parser())
