"""Draw the source of each visit's target, the teacher or a checkpoint (Algorithm 1, Eq. 5.2)."""

import argparse
from pathlib import Path

from tms.io import cli, parquet, provenance
from tms.mixture import plan, schedule
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
    train_ids = [row["example_id"] for row in parquet.read(args.references, ["example_id"])]
    heldout_ids = [row["example_id"] for row in parquet.read(args.heldout_references, ["example_id"])]
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
    parquet.write(args.output, parquet.PLAN, train + heldout, facts)
    taught = sum(row["source"] == "teacher" for row in train)
    prompts = len({row["example_id"] for row in train})
    named = len(plan.pairs(train))
    print(
        f"plan: {len(train)} visits of {prompts} prompts, {taught / len(train):.1%} by the teacher; "
        f"{named} completions to harvest ({named / prompts:.2f} a prompt) "
        f"and {len(plan.pairs(heldout))} on {len(heldout)} held-out prompts"
    )


if __name__ == "__main__":
    cli.run(main, parser())
