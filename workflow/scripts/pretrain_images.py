"""Pretrain the miniature that reads images from scratch on small synthetic tasks, or copy an equal one."""

import argparse
import os

from tms.io import cli
from tms.miniature import flags


def build_parser() -> argparse.ArgumentParser:
    sizes = {"width": 96, "layers": 3, "heads": 3, "feed_forward": 192}
    run = {"steps": 3000, "batch": 32, "matrix_lr": 0.014, "other_lr": 2e-3, "seed": 0, "threads": 2}
    return flags.parser(__doc__, **sizes, **run)


def main(args: argparse.Namespace) -> None:
    """Write the base and its record."""
    from tms.miniature import record
    from tms.miniature.image_corpus import ImageCorpus

    corpus = ImageCorpus(args.tasks)
    folders = {"base": args.base}
    wanted = record.causes(flags.settings(args), corpus)
    if args.shipped and record.copied(args.shipped, wanted, folders, args.record):
        return

    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # its threads do not survive the fork
    from tms.miniature.image_pretraining import pretrain

    pretrain(args, corpus, args.base)
    record.write(args.record, wanted, folders)


if __name__ == "__main__":
    cli.run(main, build_parser())
