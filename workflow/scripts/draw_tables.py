"""Write the paper's tables, and ours, from measured cells: CSV and Markdown, and an index."""

import argparse
from pathlib import Path

from tms import cells, program
from tms.drawing import ledger
from tms.drawing.book import Book
from tms.drawing.compared import read_compared
from tms.drawing.subject import Subject
from tms.drawing.touched import read_reports


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
    parser.add_argument(
        "--contamination",
        nargs="*",
        default=[],
        metavar="MODEL/TASK=FILE",
        help="reports of the gate on each model's target tasks; what they touch is marked",
    )
    parser.add_argument("--output", required=True, type=Path, help="output: folder of the tables")
    return parser


def main(args: argparse.Namespace) -> None:
    subjects = [Subject.read(model, text) for model, text in program.parse_pairs(args.models).items()]
    book = Book(subjects, cells.read(args.cells))
    ledger.write(args.output, book, read_compared(args.compare), read_reports(args.contamination))


if __name__ == "__main__":
    program.run(main, parser())
