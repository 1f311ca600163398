"""Measure both sides of Theorem 6.1 from graded temperature-1 samples of trained policies and the base."""

import argparse
from pathlib import Path

from tms.experiments import cells
from tms.experiments.theorem61 import bound_cells
from tms.grading.answer_text import tasks_of_rows
from tms.grading.losses import add_grading
from tms.grading.pool import grade_all
from tms.io import cli, parquet, provenance
from tms.io.errors import InputError
from tms.metrics.flags import parse_runs

COLUMNS = [
    "benchmark",
    "prompts",
    "source",
    "example_id",
    "context",
    "completion",
    "answer",
    "finish_reason",
    "kl",
]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument(
        "--samples",
        nargs="+",
        required=True,
        metavar="METHOD/TASK/seedN=PATH",
        help="drift_samples.parquet of each run",
    )
    parser.add_argument(
        "--graders",
        nargs="*",
        default=[],
        metavar="BENCHMARK=GRADER",
        help="a grader for each benchmark with a score",
    )
    parser.add_argument(
        "--unscored", nargs="*", default=[], help="prompts without a score, which are left out"
    )
    add_grading(parser)
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def read_samples(paths: dict[tuple[str, str, int], Path]) -> list[dict]:
    """Read the samples of every run, with its `method`, `train_task` and `seed`.

    Raises:
        InputError: a file without samples.
    """
    rows = []
    for (method, task, seed), path in paths.items():
        samples = parquet.read(path, COLUMNS)
        if not samples:
            raise InputError(f"{path}: no samples; set drift.prompts above 0")
        rows += [row | {"method": method, "train_task": task, "seed": seed} for row in samples]
    return rows


def grade(samples: list[dict], args: argparse.Namespace) -> list[dict]:
    """Add a `grade` to each sample, and leave those without a score out.

    Raises:
        InputError: a benchmark without a grader.
    """
    graders = cli.parse_pairs(args.graders)
    samples = [row for row in samples if row["benchmark"] not in args.unscored]
    for benchmark in sorted({row["benchmark"] for row in samples}):
        if benchmark not in graders:
            raise InputError(f"--samples: benchmark {benchmark} has no grader; add it to --graders")
    tasks = tasks_of_rows(samples, graders.__getitem__)
    # The base's samples recur beside each method.
    distinct = list(dict.fromkeys(tasks))
    grades = dict(zip(distinct, grade_all(distinct, args.processes, args.lost_rows), strict=True))
    return [row | {"grade": grades[task].score} for row, task in zip(samples, tasks, strict=True)]


def main(args: argparse.Namespace) -> None:
    groups: dict[tuple[str, str, str], list[dict]] = {}
    for row in grade(read_samples(parse_runs(args.samples)), args):
        groups.setdefault((row["method"], row["train_task"], row["prompts"]), []).append(row)
    rows = [cell for group, samples in groups.items() for cell in bound_cells(args.model, *group, samples)]
    cells.write(args.output, rows, provenance.facts("theorem61", graders=args.graders))


if __name__ == "__main__":
    cli.run(main, parser())
