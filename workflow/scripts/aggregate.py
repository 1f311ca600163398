"""Bring a method's runs together: the paper's table, tidy scores, and drift (Section 3.3, 7.1)."""

import argparse
import sys
from pathlib import Path

from tms.config.suite import NOTE, Suite, tasks_of
from tms.data.contamination.report import contaminated_pairs
from tms.io import cli, json_file
from tms.io.csv_file import decimal, write_csv
from tms.metrics import flags, health, measures
from tms.metrics.cost_table import COST, cost_rows
from tms.metrics.drift_table import DRIFT, drift_rows
from tms.metrics.per_example import read_per_example
from tms.metrics.scores import TABLE_DECIMALS, TIDY, TIDY_DECIMALS, read_scores, tidy, tidy_also
from tms.metrics.summary import BASE, Estimate, Summary, difference, summarise


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--method", required=True, help="name of the method; names its row")
    flags.add_suite(parser)
    parser.add_argument("--note", default="", help="sentences that stand beside every result of the model")
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
    parser.add_argument(
        "--health", nargs="*", default=[], metavar="TASK/seedN=PATH", help="health.json of the runs on rows"
    )
    parser.add_argument("--warnings", type=Path, required=True, help="output: what looks wrong, by run")
    parser.add_argument("--table", type=Path, required=True, help="output: rows base, method, delta")
    parser.add_argument("--scores", type=Path, required=True, help="output: one row a run and benchmark")
    parser.add_argument("--drift", type=Path, required=True, help="output: one row a run and quantity")
    parser.add_argument(
        "--intervals",
        type=Path,
        required=True,
        help="output: a 95 %% interval for each cell of the table and for its means",
    )
    parser.add_argument("--cost", type=Path, required=True, help="output: what each stage of the runs spent")
    return parser


def estimates(base: Summary, method: Summary, suite: Suite) -> dict[str, dict[str, Estimate]]:
    """Rows `base`, `method` and `delta` of the table by column, and more columns for their intervals alone.

    The base has no transfer. The means over target and retention benchmarks (and safety sets), and the
    forgetting that chance alone would give, are in the intervals' file, from which `table.py` takes them.
    """
    more = ["target_mean", "retention_mean", *(["retention_mean_ext"] if suite.safety else [])]
    columns = [name for name in [*suite.columns, *more] if name not in suite.unscored]
    floor = {name: Estimate(value) for name, value in method.floor.items()}
    return {
        "base": {name: base.estimate(name) for name in columns} | {"xfer": Estimate()},
        "method": {name: method.estimate(name) for name in columns} | floor,
        "delta": {name: difference(method, base, name, test=False) for name in columns},
    }


def main(args: argparse.Namespace) -> None:
    suite, notes = flags.suite(args), contaminated_pairs(args.contamination)
    write_scores(args, suite, notes)
    runs = {
        flags.parse_run(label): read_per_example(Path(path), suite.benchmarks)
        for label, path in cli.parse_pairs(args.grades).items()
    }
    base = read_per_example(args.base_grades, suite.benchmarks)
    summaries = summarise(base, {args.method: runs}, suite)[""]
    drifts = {
        flags.parse_run(label): drift_rows(Path(path)) for label, path in cli.parse_pairs(args.drifts).items()
    }
    scores = estimates(summaries[BASE], summaries[args.method], suite)
    beside = measured_beside(args, suite, drifts)
    table = {row: scores[row] | beside[row] for row in scores}
    shown = [*suite.columns, *beside["method"]]
    names = {"base": "base", "method": args.method, "delta": "delta"}
    lines = [
        {"row": names[row]}
        | {name: decimal(table[row].get(name, Estimate()).value, TABLE_DECIMALS) for name in shown}
        for row in names
    ]
    columns = ["row", *shown]
    if told := " ".join(filter(None, [args.note, measures.unknown(suite)])):
        columns.append(NOTE)
        lines = [line | {NOTE: told if line["row"] == args.method else ""} for line in lines]
    pairs = [f"{task} -> {name}" for task, name in notes if name in suite.benchmarks]
    if pairs:  # training and evaluation set share text, which the config accepts: the table says so
        columns.append("contamination")
        lines = [line | {"contamination": "; ".join(pairs)} for line in lines]
    signs = write_warnings(args, suite)
    if any(signs.values()):
        told = {"base": {"base": signs.pop("base")}, args.method: signs}
        columns.append(health.COLUMN)
        lines = [line | {health.COLUMN: health.short(told.get(line["row"], {}))} for line in lines]
    write_csv(args.table, columns, lines)
    intervals = [
        {"row": names[row], "column": name}
        | {column: decimal(number, TABLE_DECIMALS) for column, number in list(estimate.columns().items())[:3]}
        for row in names
        for name, estimate in table[row].items()
        if estimate.value is not None
    ]
    write_csv(args.intervals, ["row", "column", "value", "ci_low", "ci_high"], intervals)
    lines = [
        {"model": args.model, "method": args.method, "train_task": task, "seed": seed} | row
        for (task, seed), measured in drifts.items()
        for row in measured
    ]
    write_csv(args.drift, DRIFT, lines)
    write_csv(args.cost, COST, cost_rows(args.model, args.method, cli.parse_pairs(args.costs)))


def measured_beside(
    args: argparse.Namespace, suite: Suite, drifts: dict[flags.Run, list[dict]]
) -> measures.Rows:
    """Measures beside the scores: of general text, and of benchmarks without a score."""
    base, runs = read_all_scores(args, suite.unscored)
    return measures.measures(
        suite, base, runs, {run: measures.as_drift(rows) for run, rows in drifts.items()}
    )


def read_all_scores(args: argparse.Namespace, benchmarks: list[str]) -> tuple[dict, dict]:
    """Scores of the base, and of each run."""
    runs = {
        flags.parse_run(label): read_scores(Path(path), benchmarks)
        for label, path in cli.parse_pairs(args.runs).items()
    }
    return read_scores(args.base_scores, benchmarks), runs


def write_warnings(args: argparse.Namespace, suite: Suite) -> dict[str, list[health.Sign]]:
    """Write what looks wrong with the runs, by run, and print what no run could tell by itself."""
    grades, trained = cli.parse_pairs(args.grades), cli.parse_pairs(args.health)
    signs = health.of_method(args.base_grades, as_paths(grades), as_paths(trained), suite.benchmarks)
    json_file.write(args.warnings, signs)
    for sign in signs["all"]:
        print(f"warning: {args.model}/{args.method}: {sign}", file=sys.stderr)
    return signs


def as_paths(pairs: dict[str, str]) -> dict[str, Path]:
    return {label: Path(path) for label, path in pairs.items()}


def contamination(notes: dict[tuple[str, str], str], target: str, benchmark: str) -> str:
    """The note on a target's tasks and a benchmark; "" where there is none."""
    return "; ".join(notes[task, benchmark] for task in tasks_of(target) if (task, benchmark) in notes)


def write_scores(args: argparse.Namespace, suite: Suite, notes: dict[tuple[str, str], str]) -> None:
    """Write a row for each run and benchmark, and for the other metrics of its rows."""
    suite = suite.scored
    base, runs = read_all_scores(args, suite.benchmarks)
    rows = [
        *tidy(args.model, args.method, base, runs, suite),
        *tidy_also(args.model, args.method, base, runs, suite),
    ]
    fractions = ["score", "ci_low", "ci_high", "base_score", "delta"]
    lines = [
        row
        | {name: decimal(row[name], TIDY_DECIMALS) for name in fractions}
        | {"contamination": contamination(notes, row["train_task"], row["benchmark"])}
        for row in rows
    ]
    write_csv(args.scores, TIDY, lines)


if __name__ == "__main__":
    cli.run(main, parser())
