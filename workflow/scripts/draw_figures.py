"""Draw the paper's figures, and ours, from measured cells: SVG and PNG, with an index of what there is."""

import argparse
from pathlib import Path

from tms import cells, program
from tms.drawing import atlas
from tms.drawing.book import Book
from tms.drawing.compared import read_compared
from tms.drawing.subject import Subject


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
    subjects = [Subject.read(model, text) for model, text in program.parse_pairs(args.models).items()]
    atlas.draw(args.output, Book(subjects, cells.read(args.cells)), read_compared(args.compare))


if __name__ == "__main__":
    program.run(main, parser())
