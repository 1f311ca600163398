"""Bring the curves of a model's on-policy runs together: reward, KL, entropy and lengths by step."""

import argparse
from pathlib import Path

from tms.experiments import cells, training_curves
from tms.io import cli, provenance
from tms.metrics.flags import parse_runs


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument(
        "--curves",
        nargs="+",
        required=True,
        metavar="METHOD/TASK/seedN=PATH",
        help="curve.parquet of each run",
    )
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def main(args: argparse.Namespace) -> None:
    runs: dict[tuple[str, str], dict[int, list[dict]]] = {}
    for (method, task, seed), path in parse_runs(args.curves).items():
        runs.setdefault((method, task), {})[seed] = training_curves.read(path)
    rows = [
        cell
        for (method, task), of_seeds in runs.items()
        for cell in training_curves.curve_cells(args.model, method, task, of_seeds)
    ]
    cells.write(args.output, rows, provenance.facts("training_curves", model=args.model))


if __name__ == "__main__":
    cli.run(main, parser())
