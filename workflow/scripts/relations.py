"""Relate a model's methods' forgetting to their KL and PLD, and find which are on the Pareto fronts."""

import argparse
from pathlib import Path

from tms import cells, program, provenance
from tms.relations import pareto_cells, relation_cells


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument(
        "--kinds", nargs="+", required=True, metavar="METHOD=KIND", help="the methods that count, with kinds"
    )
    parser.add_argument(
        "--cells",
        nargs="+",
        type=Path,
        required=True,
        help="cells of the experiments; the first of a method counts",
    )
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def main(args: argparse.Namespace) -> None:
    kinds = program.parse_pairs(args.kinds)
    measured = cells.read(args.cells)
    found = relation_cells(args.model, measured, kinds) + pareto_cells(args.model, measured, list(kinds))
    cells.write(args.output, found, provenance.facts("relations"))


if __name__ == "__main__":
    program.run(main, parser())
