"""Bring a method's runs together: the paper's table, tidy scores, and drift (Section 3.3, 7.1)."""

import argparse
from pathlib import Path

from tms.config.suite import Suite
from tms.data.contamination.report import contaminated_pairs
from tms.io import cli
from tms.metrics import suite_flags
from tms.metrics.cost_table import COST, cost_rows
from tms.metrics.drift_table import DRIFT, drift_rows
from tms.metrics.intervals import cell_intervals
from tms.metrics.per_example import read_per_example
from tms.metrics.scores import (
    TABLE_DECIMALS,
    TIDY,
    TIDY_DECIMALS,
    decimal,
    parse_run,
    read_scores,
    summary,
    tidy,
    tidy_also,
    write_csv,
)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--method", required=True, help="name of the method; names its row")
    suite_flags.add(parser)
    parser.add_argument("--base-scores", type=Path, required=True, help="scores.json of the base model")
    parser.add_argument(
        "--runs", nargs="+", required=True, metavar="TASK/seedN=PATH", help="scores.json of each run"
    )
    parser.add_argument(
        "--drifts", nargs="*", default=[], metavar="TASK/seedN=PATH", help="drift.json of each run"
    )
    parser.add_argument("--base-grades", type=Path, required=True, help="grades of the base model")
    parser.add_argument(
        "--grades", nargs="+", required=True, metavar="TASK/seedN=PATH", help="grades of each run"
    )
    parser.add_argument(
        "--contamination", nargs="*", default=[], type=Path, help="contamination.json of the target tasks"
    )
    parser.add_argument(
        "--costs",
        nargs="*",
        default=[],
        metavar="STAGE/TASK/seedN=PATH",
        help="cost file of each stage that the method depends on; harvest-1, harvest-2 … are its parts",
    )
    parser.add_argument("--table", type=Path, required=True, help="output: rows base, method, delta")
    parser.add_argument("--scores", type=Path, required=True, help="output: one row a run and benchmark")
    parser.add_argument("--drift", type=Path, required=True, help="output: one row a run and quantity")
    parser.add_argument(
        "--intervals", type=Path, required=True, help="output: a 95 %% interval for each cell of the table"
    )
    parser.add_argument("--cost", type=Path, required=True, help="output: what each stage of the runs spent")
    return parser


def main(args: argparse.Namespace) -> None:
    suite = suite_flags.suite(args)
    benchmarks = suite.benchmarks
    base = read_scores(args.base_scores, benchmarks)
    runs = {
        parse_run(label): read_scores(Path(path), benchmarks)
        for label, path in cli.parse_pairs(args.runs).items()
    }
    cells = tidy(args.model, args.method, base, runs, suite)
    notes = contaminated_pairs(args.contamination)
    fractions = ["score", "ci_low", "ci_high", "base_score", "delta"]
    write_csv(
        args.scores,
        TIDY,
        [
            cell
            | {name: decimal(cell[name], TIDY_DECIMALS) for name in fractions}
            | {"contamination": notes.get((cell["train_task"], cell["benchmark"]), "")}
            for cell in [*cells, *tidy_also(args.model, args.method, base, runs, suite)]
        ],
    )
    names = {"base": "base", "method": args.method, "delta": "delta"}
    table = summary(cells, suite)
    lines = [
        {"row": names[row]} | {column: decimal(values[column], TABLE_DECIMALS) for column in suite.columns}
        for row, values in table.items()
    ]
    columns = ["row", *suite.columns]
    pairs = [f"{task} -> {name}" for task, name in notes if name in benchmarks]
    if pairs:  # training and evaluation set share text, which the config accepts: the table says so
        columns.append("contamination")
        lines = [line | {"contamination": "; ".join(pairs)} for line in lines]
    write_csv(args.table, columns, lines)
    write_intervals(args, suite, cells, lines)
    drifts = [
        {"model": args.model, "method": args.method, "train_task": task, "seed": seed} | row
        for label, path in cli.parse_pairs(args.drifts).items()
        for task, seed in [parse_run(label)]
        for row in drift_rows(Path(path))
    ]
    write_csv(args.drift, DRIFT, drifts)
    write_csv(args.cost, COST, cost_rows(args.model, args.method, cli.parse_pairs(args.costs)))


def write_intervals(args: argparse.Namespace, suite: Suite, cells: list[dict], lines: list[dict]) -> None:
    """Write row, column, value and bounds for each cell of the table that has a value."""
    grades = {
        parse_run(label): read_per_example(Path(path), suite.benchmarks)
        for label, path in cli.parse_pairs(args.grades).items()
    }
    base = read_per_example(args.base_grades, suite.benchmarks)
    found = cell_intervals(cells, base, grades, suite)
    by_row = dict(zip(("base", "method", "delta"), lines, strict=True))
    write_csv(
        args.intervals,
        ["row", "column", "value", "ci_low", "ci_high"],
        [
            {
                "row": by_row[row]["row"],
                "column": column,
                "value": by_row[row][column],
                "ci_low": decimal(low, TABLE_DECIMALS),
                "ci_high": decimal(high, TABLE_DECIMALS),
            }
            for (row, column), (low, high) in found.items()
        ],
    )


if __name__ == "__main__":
    cli.run(main, parser())
