"""Relate a model's methods' forgetting to their KL and PLD, and find which are on the Pareto fronts."""

import argparse
from pathlib import Path

from tms.experiments import cells
from tms.experiments.correlations import pareto_cells, relation_cells
from tms.io import cli, provenance
from tms.io.errors import InputError


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument(
        "--kinds", nargs="+", required=True, metavar="METHOD=KIND", help="the methods that count, with kinds"
    )
    parser.add_argument(
        "--recipes",
        nargs="+",
        required=True,
        metavar="METHOD=RECIPE",
        help="recipe of each method; methods of one recipe count as one, by their mean",
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
    kinds = cli.parse_pairs(args.kinds)
    recipes = cli.parse_pairs(args.recipes)
    if missing := [name for name in kinds if name not in recipes]:
        raise InputError(f"--recipes: none of {', '.join(missing)}; name one for each method of --kinds")
    measured = cells.read(args.cells)
    rows = relation_cells(args.model, measured, kinds, recipes) + pareto_cells(
        args.model, measured, list(kinds)
    )
    cells.write(args.output, rows, provenance.facts("correlations"))


if __name__ == "__main__":
    cli.run(main, parser())
