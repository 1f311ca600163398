"""Bring a model's long runs together: losses, drift and scores along them (Table 1)."""

import argparse
from pathlib import Path

from tms.experiments import cells
from tms.experiments.mismatch import (
    LongRun,
    at_shared_points,
    mismatch_cells,
    read_points,
    read_trajectories,
)
from tms.io import cli, cost, provenance
from tms.io.errors import InputError
from tms.metrics.flags import parse_run

FILES = {
    "drifts": "drift.json of each run",
    "costs": "train.cost.json of each run",
    "points": "grades of each run's checkpoints before its end",
    "grades": "grades of each run's end",
}


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--retention", nargs="*", default=[], help="retention benchmarks that have a score")
    for name, what in FILES.items():
        parser.add_argument(
            f"--{name}", nargs="+", required=True, metavar="METHOD/TASK/seedN=PATH", help=what
        )
    parser.add_argument("--base-grades", type=Path, required=True, help="grades of the base model")
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def main(args: argparse.Namespace) -> None:
    paths = {name: cli.parse_pairs(getattr(args, name)) for name in FILES}
    runs: dict[tuple[str, str], dict[int, LongRun]] = {}
    for label in paths["drifts"]:
        for name, labelled in paths.items():
            if label not in labelled:
                raise InputError(f"--{name}: no file of {label}; name the same runs as in --drifts")
        method, _, run = label.partition("/")
        task, seed = parse_run(run)
        drift, spent, points, end = (Path(labelled[label]) for labelled in paths.values())
        trajectory, train_trajectory = read_trajectories(drift)
        runs.setdefault((method, task), {})[seed] = LongRun(
            steps=cost.read(spent).optimizer_steps,
            trajectory=trajectory,
            train_trajectory=train_trajectory,
            grades=read_points(points, end, args.base_grades),
        )
    rows = [
        cell
        for (method, task), of_seeds in zip(runs, at_shared_points([*runs.values()]), strict=True)
        for cell in mismatch_cells(args.model, method, task, of_seeds, args.retention)
    ]
    cells.write(args.output, rows, provenance.facts("mismatch"))


if __name__ == "__main__":
    cli.run(main, parser())
