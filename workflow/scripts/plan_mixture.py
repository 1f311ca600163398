"""Draw the source of each visit's target, the teacher or a checkpoint (Algorithm 1, Eq. 5.2)."""

import argparse
from itertools import chain
from pathlib import Path

import pyarrow.compute as pc

from tms.io import cli, parquet, provenance
from tms.mixture import plan, schedule
from tms.mixture.build import pairs
from tms.mixture.weights import checked_weights


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--references", type=Path, required=True, help="verified references of the train split")
    add("--heldout-references", type=Path, required=True, help="those of the held-out split")
    add("--alpha", type=float, required=True, help="probability of the teacher's answer")
    add("--points", nargs="+", required=True, help="checkpoints, e.g. 1of2 1of1")
    add("--weights", nargs="+", type=float, required=True, help="p(t), one for each point; they sum to 1")
    add("--epochs", type=int, required=True, help="visits of each prompt")
    add("--effective-batch", type=int, required=True, help="visits of one optimiser step")
    add("--max-steps", type=int, help="optimiser steps, instead of epochs")
    add("--samples", type=int, default=1, help="completions to draw from for each pair")
    add("--prompts-share", type=float, default=1.0, help="part of the prompts that is harvested, in (0, 1]")
    add("--seed", type=int, required=True, help="seed of the run; all draws follow from it")
    add("--output", type=Path, required=True, help="plan.parquet")
    return parser


def main(args: argparse.Namespace) -> None:
    mixture = plan.MixtureWeights(args.alpha, *checked_weights(args.points, args.weights))
    train_ids, heldout_ids = (
        parquet.read_table(file, ["example_id"])["example_id"].to_pylist()
        for file in (args.references, args.heldout_references)
    )
    total = schedule.total_visits(len(train_ids), args.epochs, args.effective_batch, args.max_steps)
    train = plan.train_plan(train_ids, mixture, total, args.samples, args.prompts_share, args.seed)
    heldout = plan.heldout_plan(heldout_ids, mixture, args.samples, args.seed)
    facts = provenance.facts(
        "plan_mixture",
        seed=args.seed,
        alpha=mixture.alpha,
        points=mixture.points,
        weights=mixture.weights,
        samples=args.samples,
        prompts_share=args.prompts_share,
    )
    parquet.write(args.output, parquet.PLAN, chain(train, heldout), facts)
    written = parquet.read_table(args.output, parquet.PLAN)
    visits, own = (written.filter(pc.equal(written["split"], split)) for split in ("train", "heldout"))
    prompts = pc.count_distinct(visits["example_id"]).as_py()
    taught = pc.sum(pc.equal(visits["source"], "teacher")).as_py() / len(visits)
    named = len(pairs(visits))
    print(
        f"plan: {len(visits)} visits of {prompts} prompts, {taught:.1%} by the teacher; "
        f"{named} completions to harvest ({named / prompts:.2f} a prompt) "
        f"and {len(pairs(own))} on {len(own)} held-out prompts"
    )


if __name__ == "__main__":
    cli.run(main, parser())
