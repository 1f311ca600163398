"""Train the miniature's base and teacher from nothing, on a generated world."""

import argparse
import json
import os
from functools import partial
from pathlib import Path

from tms.io import cli


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder for the base model")
    parser.add_argument("--teacher", type=Path, required=True, help="folder for the teacher model")
    parser.add_argument(
        "--tasks", type=json.loads, required=True, help="the world's tasks, JSON: {name: {kind, options}}"
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
    """Train and write both models."""
    from tms.miniature.corpus import Corpus

    corpus = Corpus(args.tasks)

    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # its threads do not survive the fork
    import torch

    from tms.miniature.pretraining import Recipe, new_model, save, train
    from tms.miniature.tokenizer import build_tokenizer
    from tms.mixture.checkpoints import write_digest

    torch.set_num_threads(1)
    tokenizer = build_tokenizer(args.tasks)
    model = new_model(tokenizer, args.width, args.layers, args.heads, args.feed_forward, args.seed)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}M parameters, {len(tokenizer)} tokens")
    recipe = Recipe(args.steps, args.batch, args.matrix_lr, args.other_lr)
    lookups = args.lookup_steps * args.batch // args.threads
    pairs = partial(corpus.base_pairs, lookups=lookups)
    train(model, tokenizer, pairs, recipe, args.seed, args.threads, "pretrain base")
    save(model, tokenizer, args.base)
    write_digest(args.base)
    recipe = Recipe(
        args.teacher_steps, args.teacher_batch, args.teacher_matrix_lr, args.teacher_other_lr, 1.0
    )
    train(model, tokenizer, corpus.worked_pairs, recipe, args.seed, args.threads, "train teacher")
    save(model, tokenizer, args.teacher)
    write_digest(args.teacher)


if __name__ == "__main__":
    cli.run(main, build_parser())
