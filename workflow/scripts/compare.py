"""Put the paper's numbers beside ours: one row for each number that its tables print."""

import argparse
import json
from pathlib import Path

from tms.config.suite import Suite
from tms.experiments import cells
from tms.experiments.contamination_marks import read_reports
from tms.io import cli
from tms.io.csv_file import decimal, write_csv
from tms.io.errors import InputError
from tms.metrics.scores import TABLE_DECIMALS
from tms.paper import comparison, numbers

NUMBERS = ["paper", "ours", "ci_low", "ci_high", "difference"]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--models",
        nargs="*",
        default=[],
        metavar="OURS=THEIRS",
        help="our models that stand for one of the paper's, e.g. qwen3b_literal=qwen3b",
    )
    parser.add_argument("--only", action="store_true", help="leave out what is of no model of --models")
    parser.add_argument(
        "--settings",
        nargs="*",
        default=[],
        metavar="MODEL/NAME=VALUE",
        help="our training settings, by the names of Tables 4 and 5",
    )
    parser.add_argument(
        "--cells", nargs="*", default=[], type=Path, help="cells of the experiments of our models"
    )
    parser.add_argument("--suites", nargs="*", default=[], metavar="MODEL=JSON", help="suites of our models")
    parser.add_argument(
        "--contamination",
        nargs="*",
        default=[],
        metavar="MODEL/TASK=FILE",
        help="reports of the gate on our models' target tasks; what they touch is noted",
    )
    parser.add_argument("--paper", type=Path, required=True, help="folder with the paper's tables as CSV")
    parser.add_argument("--output", type=Path, required=True, help="compare.csv")
    return parser


def read_settings(pairs: list[str]) -> dict[tuple[str, str], float]:
    """Read `MODEL/NAME=VALUE` arguments.

    Raises:
        InputError: another form, an unknown setting, or a value that is no number.
    """
    values = {}
    for label, value in cli.parse_pairs(pairs).items():
        model, _, name = label.rpartition("/")
        try:
            values[model, name] = float(value)
        except ValueError:
            raise InputError(f"--settings {label}: {value!r} is no number") from None
        if not model or name not in numbers.SETTINGS:
            raise InputError(
                f"--settings {label}: write MODEL/NAME=VALUE with a name of {', '.join(numbers.SETTINGS)}"
            )
    return values


def written(row: dict, name: str) -> str:
    """A number of a row as text: settings whole, measurements with fixed decimals."""
    if row["table"] == "table4_5" and row[name] is not None:
        return f"{row[name]:.12g}"
    return decimal(row[name], TABLE_DECIMALS)


def main(args: argparse.Namespace) -> None:
    models = cli.parse_pairs(args.models)
    for model, theirs in models.items():
        if theirs not in numbers.MODELS:
            known = ", ".join(numbers.MODELS)
            raise InputError(f"--models {model}={theirs}: the paper has no such model, only {known}")
    rows = comparison.compare(
        numbers.read(args.paper), cells.read(args.cells), models, read_settings(args.settings)
    )
    suites = {model: Suite(**json.loads(text)) for model, text in cli.parse_pairs(args.suites).items()}
    rows = comparison.noted(rows, suites, read_reports(args.contamination))
    if args.only:
        rows = [row for row in rows if row["model"] in models]
    lines = [row | {name: written(row, name) for name in NUMBERS} for row in rows]
    write_csv(args.output, comparison.COLUMNS, lines)


if __name__ == "__main__":
    cli.run(main, parser())
