"""Put the tables of several models below each other, with a column `model`."""

import argparse
from pathlib import Path

from tms.io import cli
from tms.io.csv_file import read_csv, write_csv


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tables", nargs="+", required=True, metavar="MODEL=PATH", help="table.csv of each, in row order"
    )
    parser.add_argument("--output", type=Path, required=True, help="output: all rows, all columns")
    return parser


def main(args: argparse.Namespace) -> None:
    lines = [
        {"model": model} | line
        for model, path in cli.parse_pairs(args.tables).items()
        for line in read_csv(Path(path), ["row"])
    ]
    # Models of another suite have other columns; what a model has not stays empty.
    columns = list(dict.fromkeys(column for line in lines for column in line))
    write_csv(args.output, columns, [{column: line.get(column, "") for column in columns} for line in lines])


if __name__ == "__main__":
    cli.run(main, parser())
