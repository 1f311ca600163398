"""Pretrain the miniature that calls tools from scratch on small synthetic tasks, or copy an equal one."""

import argparse

from tms.io import cli
from tms.miniature import flags, record
from tms.miniature.tool_corpus import ToolCorpus


def build_parser() -> argparse.ArgumentParser:
    sizes = {"width": 96, "layers": 3, "heads": 3, "feed_forward": 256}
    run = {"steps": 700, "batch": 32, "matrix_lr": 0.014, "other_lr": 2e-3, "seed": 0, "threads": 2}
    return flags.parser(__doc__, **sizes, **run)


def main(args: argparse.Namespace) -> None:
    """Write the base and its record."""
    corpus = ToolCorpus(args.tasks)

    def train() -> None:
        from tms.miniature.tool_pretraining import pretrain

        pretrain(args, corpus, args.base)

    record.make(args, corpus, {"base": args.base}, train)


if __name__ == "__main__":
    cli.run(main, build_parser())
