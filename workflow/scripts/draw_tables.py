"""Write the paper's tables, and ours, from measured cells: CSV and Markdown, and an index."""

import argparse
from pathlib import Path

from tms.experiments import cells
from tms.experiments.contamination_marks import read_reports
from tms.io import cli
from tms.report.cell_lookup import CellLookup
from tms.report.compared import read_compared
from tms.report.model_info import ModelInfo
from tms.report.tables import all_tables


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
    models = cli.parse_pairs(args.models).items()
    measured = cells.read(args.cells)
    lookups = [CellLookup(ModelInfo.read(model, text), measured) for model, text in models]
    all_tables.write(args.output, lookups, read_compared(args.compare), read_reports(args.contamination))


if __name__ == "__main__":
    cli.run(main, parser())
