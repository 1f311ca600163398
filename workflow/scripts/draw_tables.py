"""Write the paper's tables, and ours, from measured cells: CSV and Markdown, and an index."""

import argparse
from pathlib import Path

from tms.experiments.contamination_marks import read_reports
from tms.io import cli
from tms.report import scope
from tms.report.compared import read_compared
from tms.report.tables import all_tables


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    scope.add_scope(parser)
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
    reports = read_reports(args.contamination)
    all_tables.write(args.output, scope.lookups(args), read_compared(args.compare), reports)


if __name__ == "__main__":
    cli.run(main, parser())
