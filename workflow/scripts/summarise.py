"""Measure an experiment's methods: scores, differences, divergences and costs, with intervals and tests."""

import argparse
from pathlib import Path

from tms.experiments import cells, learning
from tms.experiments.half_cells import half_cells, has_halves
from tms.experiments.measure_cells import along_cells, measure_cells
from tms.experiments.method_cells import (
    base_drift_cells,
    cost_cells,
    drift_cells,
    floor_cells,
    read_updates,
    score_cells,
    update_cells,
)
from tms.experiments.target_cells import target_cells
from tms.io import cli, provenance
from tms.io.csv_file import read_csv, values_of
from tms.metrics import flags
from tms.metrics.cost_table import COST
from tms.metrics.per_example import HALVES, read_per_example
from tms.metrics.summary import summarise
from tms.training.health import read as read_health


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", required=True, help="name of the experiment")
    parser.add_argument("--model", required=True, help="name of the model")
    flags.add_suite(parser)
    parser.add_argument("--methods", nargs="+", required=True, help="methods of the experiment, in row order")
    parser.add_argument(
        "--baselines",
        nargs="+",
        required=True,
        help="methods that every other is compared with, whether rows or not; SFT first",
    )
    parser.add_argument(
        "--halves", action="store_true", help="measure the methods on each half of the examples too"
    )
    parser.add_argument(
        "--settings", nargs="*", default=[], metavar="METHOD=NUMBER", help="what a sweep varies (column x)"
    )
    parser.add_argument("--base-grades", type=Path, required=True, help="grades of the base model")
    parser.add_argument(
        "--grades",
        nargs="+",
        required=True,
        metavar="METHOD/TASK/seedN=PATH",
        help="grades of each run of the methods and of the baselines",
    )
    parser.add_argument("--drifts", nargs="+", required=True, metavar="METHOD=PATH", help="drift.csv of each")
    parser.add_argument(
        "--updates",
        nargs="*",
        default=[],
        metavar="METHOD/TASK/seedN=PATH",
        help="updates.json of each run of the methods",
    )
    parser.add_argument(
        "--health",
        nargs="*",
        default=[],
        metavar="METHOD/TASK/seedN=PATH",
        help="health.json of each run on rows of the methods",
    )
    parser.add_argument(
        "--intervals",
        nargs="*",
        default=[],
        metavar="METHOD=PATH",
        help="intervals.csv of each, for its measures",
    )
    parser.add_argument("--costs", nargs="+", required=True, metavar="METHOD=PATH", help="cost.csv of each")
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def main(args: argparse.Namespace) -> None:
    suite, tasks = flags.suite(args), ["", *args.targets]
    settings = {name: float(number) for name, number in cli.parse_pairs(args.settings).items()}
    drifts, costs = cli.parse_pairs(args.drifts), cli.parse_pairs(args.costs)
    methods = {method: {} for method in [*args.methods, *args.baselines]}
    methods |= flags.read_runs(args.grades, lambda path: read_per_example(path, suite.benchmarks))
    updates = flags.read_runs(args.updates, read_updates)
    health = flags.read_runs(args.health, read_health)
    base = read_per_example(args.base_grades, suite.benchmarks)
    summaries = summarise(base, methods, suite, tasks)
    rows = [
        row
        for task in tasks
        for row in score_cells(summaries[task], args.methods, args.baselines, suite, task)
    ]
    rows += base_drift_cells(Path(drifts[args.baselines[0]]), suite.targets)
    for place, (method, path) in enumerate(cli.parse_pairs(args.intervals).items()):
        rows += measure_cells(Path(path), method, suite, of_base=place == 0)
    for method in args.methods:
        measured = drift_cells(Path(drifts[method]), suite.retention, suite.targets)
        spent = read_csv(Path(costs[method]), COST)
        with values_of(Path(costs[method])):
            measured += cost_cells(spent)
        measured += along_cells(Path(drifts[method]), suite.targets)
        measured += floor_cells(Path(drifts[method])) + update_cells(updates.get(method, {}))
        measured += target_cells(health.get(method, {}), suite.targets)
        if args.experiment == "main" and method in learning.METHODS:
            measured += learning.loss_cells(health.get(method, {}), suite.targets)
        rows += [row | {"method": method} for row in measured]
    if args.halves and has_halves(base, suite):
        halves = {half: summarise(base, methods, suite, half=half)[""] for half in HALVES}
        rows += half_cells(halves, args.methods, args.baselines)
    written = [
        cells.cell(args.experiment, args.model, **{"x": settings.get(row["method"])} | row) for row in rows
    ]
    facts = provenance.facts("summarise", experiment=args.experiment, model=args.model)
    cells.write(args.output, written, facts)


if __name__ == "__main__":
    cli.run(main, parser())
