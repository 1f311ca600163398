"""Flags of the general prompts that replace a share of a run's visits (`tms.mixture.replay`)."""

import argparse
from pathlib import Path

from tms.io import parquet, work_folder
from tms.io.errors import InputError
from tms.mixture.replay import GENERAL, Replay

COLUMNS = ["example_id", "context", "prompt", "completion", "completion_ids", "finish_reason"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags; a run without them has no general prompts."""
    add = parser.add_argument
    add("--general", type=Path, help="the base's answers to general prompts (Parquet)")
    add("--replay-share", type=float, metavar="SHARE", help="share of the visits that they replace")


def replay(args: argparse.Namespace) -> Replay | None:
    """Read the general prompts of a run; None of one without.

    Raises:
        InputError: one flag without the other, no share, or a file that is empty or cannot be read.
    """
    if (args.general is None) != (args.replay_share is None):
        raise InputError("--general, --replay-share: give both, or neither")
    compared = args.kl_prompts == GENERAL
    if compared and args.general is None:
        raise InputError(f"--kl-prompts {GENERAL}: give --general and --replay-share too")
    if args.general is None:
        return None
    if not 0 < args.replay_share < 1:
        raise InputError(f"--replay-share {args.replay_share}: give a share between 0 and 1")
    answers = parquet.read(args.general, COLUMNS)
    if not answers:
        raise InputError(f"{args.general}: no answers; run answer_general again")
    return Replay(answers, args.replay_share, args.seed, learned=not compared)


def facts(args: argparse.Namespace) -> dict:
    """What a run's result depends on of them, for `work_folder.open_work_folder`."""
    if args.general is None:
        return {}
    return {"replay_share": args.replay_share, "general": work_folder.file_digest(args.general)}
