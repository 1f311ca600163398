"""The graders of a stage's rows: one for all, or one for each task."""

import argparse
from collections.abc import Mapping

from tms.io import cli
from tms.io.errors import InputError


def add_grader(parser: argparse.ArgumentParser, words: str) -> None:
    """Add the flag `--grader`, which `graders_of` reads; `words` is its help."""
    parser.add_argument(
        "--grader",
        nargs="+",
        metavar="GRADER|TASK=GRADER",
        help=f"{words}, or each task's",
    )


def graders_of(values: list[str]) -> dict[str, str]:
    """Read graders given as one name, which is for all rows (under ""), or as `TASK=GRADER`.

    Raises:
        InputError: another form.
    """
    return {"": values[0]} if len(values) == 1 and "=" not in values[0] else cli.parse_pairs(values)


def grader_for(graders: Mapping[str, str], task: str) -> str:
    """The grader of a task's rows.

    Raises:
        InputError: there is none.
    """
    if grader := graders.get(task, graders.get("")):
        return grader
    raise InputError(f"--grader: none for the rows of {task}; add {task}=GRADER")
