"""Flags of the programs that show a scope: its models, their cells, and the comparison with the paper."""

import argparse
from pathlib import Path

from tms.experiments import cells
from tms.io import cli
from tms.report.cell_lookup import CellLookup
from tms.report.model_info import ModelInfo


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a scope to a program's parser."""
    parser.add_argument(
        "--models",
        nargs="+",
        required=True,
        metavar="MODEL=JSON",
        help="what the config says of each model in scope: experiments, suite, kinds, parameters, settings",
    )
    parser.add_argument("--cells", nargs="+", required=True, type=Path, help="their files of cells")
    parser.add_argument("--compare", required=True, type=Path, help="compare.csv of the scope")


def lookups(args: argparse.Namespace) -> list[CellLookup]:
    """The cells of each model in scope."""
    models = cli.parse_pairs(args.models).items()
    measured = cells.read(args.cells)
    return [CellLookup(ModelInfo.read(model, text), measured) for model, text in models]
