"""Draw the paper's figures, and ours, from measured cells: SVG and PNG, with an index of what there is."""

import argparse
from pathlib import Path

from tms.experiments import cells
from tms.io import cli
from tms.report.cell_lookup import CellLookup
from tms.report.compared import read_compared
from tms.report.figures import all_figures
from tms.report.model_info import ModelInfo


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--models",
        nargs="+",
        required=True,
        metavar="MODEL=JSON",
        help="what the config says of each model in scope: experiments, suite, kinds, parameters, settings",
    )
    parser.add_argument("--cells", nargs="+", required=True, type=Path, help="their files of cells")
    parser.add_argument("--compare", required=True, type=Path, help="compare.csv of the scope")
    parser.add_argument("--output", required=True, type=Path, help="output: folder of the figures")
    return parser


def main(args: argparse.Namespace) -> None:
    models = cli.parse_pairs(args.models).items()
    measured = cells.read(args.cells)
    lookups = [CellLookup(ModelInfo.read(model, text), measured) for model, text in models]
    all_figures.draw(args.output, lookups, read_compared(args.compare))


if __name__ == "__main__":
    cli.run(main, parser())
