"""Pretrain the miniature that reads images from scratch on small synthetic tasks, or copy an equal one."""

import argparse

from tms.io import cli
from tms.miniature import flags, record
from tms.miniature.image_corpus import ImageCorpus


def build_parser() -> argparse.ArgumentParser:
    sizes = {"width": 96, "layers": 3, "heads": 3, "feed_forward": 192}
    run = {"steps": 3000, "batch": 32, "matrix_lr": 0.014, "other_lr": 2e-3, "seed": 0, "threads": 2}
    return flags.parser(__doc__, **sizes, **run)


def main(args: argparse.Namespace) -> None:
    """Write the base and its record."""
    corpus = ImageCorpus(args.tasks)

    def train() -> None:
        from tms.miniature.image_pretraining import pretrain

        pretrain(args, corpus, args.base)

    record.make(args, corpus, {"base": args.base}, train)


if __name__ == "__main__":
    cli.run(main, build_parser())
