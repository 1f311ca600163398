"""Draw the paper's figures, and ours, from measured cells: SVG and PNG, with an index of what there is."""

import argparse
from pathlib import Path

from tms.io import cli
from tms.report import scope
from tms.report.compared import read_compared
from tms.report.figures import all_figures


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    scope.add_scope(parser)
    parser.add_argument("--output", required=True, type=Path, help="output: folder of the figures")
    return parser


def main(args: argparse.Namespace) -> None:
    all_figures.draw(args.output, scope.lookups(args), read_compared(args.compare))


if __name__ == "__main__":
    cli.run(main, parser())
