"""Pretrain the miniature's base and teacher from scratch on small synthetic tasks, or copy equal ones."""

import argparse
import json
import os
from pathlib import Path

from tms.io import cli


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder for the base model")
    parser.add_argument("--teacher", type=Path, required=True, help="folder for the teacher model")
    parser.add_argument("--record", type=Path, required=True, help="how they were made (JSON)")
    parser.add_argument(
        "--shipped", type=Path, help="folder of models that are copied if this command would make the same"
    )
    parser.add_argument(
        "--tasks", type=json.loads, required=True, help="tasks of the corpus, JSON: {name: {kind, options}}"
    )
    parser.add_argument("--width", type=int, default=128, help="hidden size")
    parser.add_argument("--layers", type=int, default=4, help="number of layers")
    parser.add_argument("--heads", type=int, default=4, help="number of attention heads")
    parser.add_argument("--feed-forward", type=int, default=384, help="size of the feed-forward layer")
    parser.add_argument("--steps", type=int, default=1900, help="optimiser steps of the base")
    parser.add_argument("--lookup-steps", type=int, default=300, help="first of them, on look-ups alone")
    parser.add_argument("--batch", type=int, default=64, help="examples a step of the base")
    parser.add_argument("--matrix-lr", type=float, default=0.014, help="peak rate of Muon (matrices)")
    parser.add_argument("--other-lr", type=float, default=2e-3, help="peak rate of AdamW (the rest)")
    parser.add_argument("--teacher-steps", type=int, default=40, help="optimiser steps from base to teacher")
    parser.add_argument("--teacher-batch", type=int, default=64, help="examples a step of the teacher")
    parser.add_argument(
        "--teacher-matrix-lr", type=float, default=0.005, help="as --matrix-lr, for the teacher"
    )
    parser.add_argument("--teacher-other-lr", type=float, default=5e-4, help="as --other-lr, for the teacher")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and corpus")
    parser.add_argument(
        "--threads", type=int, default=4, help="processes of one CPU thread each; results depend on it"
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Write both models and their record."""
    from tms.miniature import record
    from tms.miniature.corpus import Corpus

    corpus = Corpus(args.tasks)
    folders = {"base": args.base, "teacher": args.teacher}
    settings = {name: value for name, value in vars(args).items() if name not in PLACES}
    wanted = record.causes(settings)
    if args.shipped:
        if not (changed := record.changed(args.shipped, wanted)):
            record.copy(args.shipped, folders, args.record)
            print(f"copied from {args.shipped}, where the result of this pretraining is shipped")
            return
        print(f"{args.shipped}: other {', '.join(changed)} than now; pretraining anew")

    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # its threads do not survive the fork
    from tms.miniature.pretraining import pretrain

    pretrain(args, corpus, folders)
    record.write(args.record, wanted, folders)


# Flags that change no model.
PLACES = ("base", "teacher", "record", "shipped")


if __name__ == "__main__":
    cli.run(main, build_parser())
