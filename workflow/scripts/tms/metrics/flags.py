"""Command-line flags of a suite's benchmarks, and the labels of runs and their files."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tms.config.suite import Suite
from tms.io import cli
from tms.io.errors import InputError

Run = tuple[str, int]  # (target task that it was trained on, seed)
Read = TypeVar("Read")


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a suite's benchmarks to a program's parser."""
    parser.add_argument("--targets", nargs="+", required=True, help="target tasks, in column order")
    parser.add_argument(
        "--views", nargs="*", default=[], metavar="NAME=TARGET", help="benchmarks that belong to a target"
    )
    parser.add_argument("--retention", nargs="*", default=[], help="retention benchmarks, in column order")
    parser.add_argument("--safety", nargs="*", default=[], help="more of them, in the extended score alone")
    parser.add_argument("--reported", nargs="*", default=[], help="benchmarks that are in no average")
    parser.add_argument("--general", action="store_true", help="general text and prompts were measured too")
    parser.add_argument("--unscored", nargs="*", default=[], help="those of all these that have no score")


def suite(args: argparse.Namespace) -> Suite:
    """The suite that the flags name."""
    parts = (args.targets, args.retention, cli.parse_pairs(args.views), args.safety, args.reported)
    return Suite(*parts, general=args.general, unscored=args.unscored)


def parse_run(label: str) -> Run:
    """Read a run's label, e.g. `chain/seed0`.

    Raises:
        InputError: it has another form.
    """
    task, _, seed = label.partition("/seed")
    if not task or not (seed.isascii() and seed.isdigit()):
        raise InputError(f"run {label!r}: write it as task/seedN, e.g. chain/seed0")
    return task, int(seed)


def parse_method_run(label: str) -> tuple[str, str, int]:
    """Read a method's run, e.g. `tms/chain/seed0`.

    Raises:
        InputError: it has another form.
    """
    method, _, run = label.partition("/")
    return method, *parse_run(run)


def run_label(run: Run) -> str:
    """A run's label, as `parse_run` reads it."""
    return f"{run[0]}/seed{run[1]}"


def parse_runs(pairs: list[str]) -> dict[tuple[str, str, int], Path]:
    """Read `METHOD/TASK/seedN=PATH` arguments: (method, task, seed) -> path, in order.

    Raises:
        InputError: an argument has another form, or is given twice.
    """
    return {parse_method_run(label): Path(path) for label, path in cli.parse_pairs(pairs).items()}


def read_runs(pairs: list[str], read: Callable[[Path], Read]) -> dict[str, dict[Run, Read]]:
    """Read the file of each `METHOD/TASK/seedN=PATH`: method -> run -> what `read` makes of it, in order.

    Raises:
        InputError: an argument has another form, or is given twice.
    """
    runs: dict[str, dict[Run, Read]] = {}
    for (method, *run), path in parse_runs(pairs).items():
        runs.setdefault(method, {})[tuple(run)] = read(path)
    return runs
