"""Pretrain the miniature's base and teacher from scratch on small synthetic tasks, or copy equal ones."""

import argparse
from pathlib import Path

from tms.io import cli
from tms.miniature import flags, record
from tms.miniature.corpus import Corpus


def build_parser() -> argparse.ArgumentParser:
    sizes = {"width": 128, "layers": 4, "heads": 4, "feed_forward": 384}
    run = {"steps": 1900, "batch": 64, "matrix_lr": 0.014, "other_lr": 2e-3, "seed": 0, "threads": 4}
    parser = flags.parser(__doc__, **sizes, **run)
    parser.add_argument("--teacher", type=Path, required=True, help="folder for the teacher model")
    parser.add_argument(
        "--lookup-steps", type=int, default=300, help="first steps of the base, on look-ups alone"
    )
    parser.add_argument("--teacher-steps", type=int, default=40, help="optimiser steps from base to teacher")
    parser.add_argument("--teacher-batch", type=int, default=64, help="examples a step of the teacher")
    parser.add_argument(
        "--teacher-matrix-lr", type=float, default=0.005, help="as --matrix-lr, for the teacher"
    )
    parser.add_argument("--teacher-other-lr", type=float, default=5e-4, help="as --other-lr, for the teacher")
    return parser


def main(args: argparse.Namespace) -> None:
    """Write both models and their record."""
    corpus = Corpus(args.tasks)
    folders = {"base": args.base, "teacher": args.teacher}

    def train() -> None:
        from tms.miniature.pretraining import pretrain

        pretrain(args, corpus, folders)

    record.make(args, corpus, folders, train)


if __name__ == "__main__":
    cli.run(main, build_parser())
