"""Measure an experiment's methods: scores, differences, divergences and costs, with intervals and tests."""

import argparse
from pathlib import Path

from tms.config.suite import Suite
from tms.experiments import cells
from tms.experiments.method_table import base_cells, method_cells
from tms.experiments.run_cells import base_drift_cells, cost_cells, drift_cells
from tms.io import cli, provenance
from tms.io.errors import InputError
from tms.metrics import suite_flags
from tms.metrics.per_example import read_per_example, resampled_scores
from tms.metrics.scores import Run, parse_run, run_label
from tms.metrics.summary import Scores, measure

BASE = "base"


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", required=True, help="name of the experiment")
    parser.add_argument("--model", required=True, help="name of the model")
    suite_flags.add(parser)
    parser.add_argument("--methods", nargs="+", required=True, help="methods of the experiment, in row order")
    parser.add_argument(
        "--baselines",
        nargs="+",
        required=True,
        help="methods that every other is compared with, whether rows or not; SFT first",
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
    parser.add_argument("--costs", nargs="+", required=True, metavar="METHOD=PATH", help="cost.csv of each")
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def read_runs(args: argparse.Namespace, suite: Suite) -> dict[str, dict[Run, Scores]]:
    """Read the items of every run by method, the baselines' too.

    Raises:
        InputError: a method without runs, or with other runs than one a target task and seed.
    """
    found: dict[str, dict[Run, Scores]] = {}
    for label, path in cli.parse_pairs(args.grades).items():
        method, _, run = label.partition("/")
        found.setdefault(method, {})[parse_run(run)] = read_per_example(Path(path), suite.benchmarks)
    seeds = {seed for runs in found.values() for _, seed in runs}
    for method in [*args.methods, *args.baselines]:
        for run in [(task, seed) for task in suite.targets for seed in sorted(seeds)]:
            if run not in found.get(method, {}):
                raise InputError(f"--grades: no run {method}/{run_label(run)}; name one a task and seed")
    return found


def score_cells(args: argparse.Namespace, suite: Suite) -> list[dict]:
    """Cells of the scores: over all runs, then over those on each task."""
    runs = read_runs(args, suite)
    base = read_per_example(args.base_grades, suite.benchmarks)
    # Metrics that a grader gives for some models alone are left out; every model has each benchmark.
    everywhere = [scores for of_runs in runs.values() for scores in of_runs.values()]
    shared = [name for name in base if all(name in scores for scores in everywhere)]
    names = [*suite.benchmarks, *(name for name in shared if name not in suite.benchmarks)]
    models = {BASE: base} | {
        f"{method}/{run_label(run)}": scores
        for method, of_runs in runs.items()
        for run, scores in of_runs.items()
    }
    resampled = {name: resampled_scores(name, models) for name in names}
    base = {name: base[name] for name in names}
    found = []
    for task in ["", *suite.targets]:
        measured = {}
        for method, of_runs in runs.items():
            drawn = {
                name: {None: resampled[name][BASE]}
                | {run: resampled[name][f"{method}/{run_label(run)}"] for run in of_runs}
                for name in names
            }
            measured[method] = measure(of_runs, base, drawn, suite, task)
        # theta_0 in the place of a run on each task
        drawn = {
            name: dict.fromkeys([None, *((own, 0) for own in suite.targets)], resampled[name][BASE])
            for name in names
        }
        theta_0 = measure({(own, 0): base for own in suite.targets}, base, drawn, suite, task)
        rows = [cell | {"method": BASE} for cell in base_cells(theta_0, suite, task)]
        rows += method_cells(
            {method: measured[method] for method in args.methods},
            theta_0,
            {method: measured[method] for method in args.baselines},
            suite,
            task,
        )
        found += [row | {"train_task": task} for row in rows]
    return found


def main(args: argparse.Namespace) -> None:
    suite = suite_flags.suite(args)
    settings = {name: float(number) for name, number in cli.parse_pairs(args.settings).items()}
    drifts, costs = cli.parse_pairs(args.drifts), cli.parse_pairs(args.costs)
    found = score_cells(args, suite)
    baseline = Path(drifts[args.baselines[0]])
    found += [cell | {"method": BASE} for cell in base_drift_cells(baseline, suite.targets)]
    for method in args.methods:
        own = drift_cells(Path(drifts[method]), suite.retention, suite.targets)
        own += cost_cells(Path(costs[method]), suite.targets)
        found += [cell | {"method": method} for cell in own]
    cells.write(
        args.output,
        [
            cells.cell(args.experiment, args.model, **cell | {"x": settings.get(cell["method"])})
            for cell in found
        ],
        provenance.facts("summarise", experiment=args.experiment, model=args.model),
    )


if __name__ == "__main__":
    cli.run(main, parser())
