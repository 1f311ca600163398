"""Test prompts that are sampled after a training: whether they leave room for a turn, before it begins."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tms.io import cli, parquet
from tms.io.errors import InputError
from tms.training.examples import check_turns

if TYPE_CHECKING:
    from tms.training.encoder import Encoder


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that name the prompts; they change no result."""
    add = parser.add_argument
    add("--tests", nargs="+", default=[], metavar="NAME=PATH", help="test prompts that are sampled later")
    add("--test-turns", nargs="+", default=[], metavar="NAME=N", help="tokens of a turn, which need room")
    add("--test-rows", nargs="+", default=[], metavar="NAME=N", help="first so many rows of each")


def check(args: argparse.Namespace, encoder: Encoder) -> None:
    """Check that the prompts leave room for a turn, as those who sample them after the training do.

    Raises:
        InputError: some do not (`check_turns`), a file cannot be read, or one has no turns or rows.
    """
    turns, rows = cli.parse_pairs(args.test_turns), cli.parse_pairs(args.test_rows)
    for name, path in cli.parse_pairs(args.tests).items():
        prompts = parquet.read(Path(path), parquet.EXAMPLES)[: _number(rows, name, "--test-rows")]
        try:
            check_turns(prompts, encoder, _number(turns, name, "--test-turns"))
        except InputError as error:
            raise InputError(f"{path}: {error}") from error


def _number(values: dict[str, str], name: str, flag: str) -> int:
    if not values.get(name, "").isdecimal():
        raise InputError(f"{flag}: no number for {name}; add {name}=N")
    return int(values[name])
