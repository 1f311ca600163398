"""Train theta_0 on its own rollouts: GRPO, REINFORCE or TRAPO, with the task's grader as reward."""

import argparse
import os
import sys
from pathlib import Path

from tms.config.study import FIXED_ROLLOUTS
from tms.grading.rewards import Rewards
from tms.io import cli, cost, parquet, provenance, work_folder
from tms.io.errors import InputError
from tms.mixture import checkpoints
from tms.training import run

TOKEN_STEPS = 4  # a run of equal tokens may take so many times SFT's steps


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--references", type=Path, required=True, help="Parquet file of verified references: the prompts")
    add("--algorithm", choices=["grpo", "reinforce", "trapo"], required=True)
    add("--task-kind", required=True, help="kind of the task, which names its grader")
    add("--engine", required=True, help="who samples: transformers or vllm")
    add("--samples", type=int, help="rollouts of each prompt (GRPO)")
    add("--temperature", type=float, default=1.0, help="of the sampling")
    add("--top-p", type=float, default=1.0, help="of the sampling")
    add("--beta", type=float, default=0.0, help="weight of the KL term (GRPO)")
    add("--baseline-decay", type=float, default=0.95, help="of the moving average of rewards (REINFORCE)")
    add("--entropy-bonus", type=float, default=0.001, help="weight of the entropy (TRAPO)")
    add("--trsft-floor", type=float, default=0.1, help="a of the TrSFT loss (TRAPO)")
    add(
        "--budget",
        choices=["steps", "tokens"],
        default="steps",
        help="as many steps, or tokens in the loss, as SFT",
    )
    add("--kl-rows", type=int, default=64, help="rollouts of a step on which the KL to the base is measured")
    add("--equal-steps", type=int, default=20, help="steps of equal rewards after which a run has no signal")
    add("--max-kl", type=float, default=100.0, help="nats a completion from which the policy is lost")
    add("--on-failure", choices=["stop", "warn"], default="stop", help="what such a run does")
    add("--grading-processes", type=int, default=2, help="worker processes of the grader")
    add("--curve", type=Path, required=True, help="output: Parquet file with a row for each optimiser step")
    run.add_flags(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    references = parquet.read(args.references, parquet.REFERENCES)
    if not references:
        raise InputError(f"{args.references}: no references; look at the filter's rejects beside it")
    each = args.samples if args.algorithm == "grpo" else FIXED_ROLLOUTS[args.algorithm]
    if args.algorithm == "grpo" and (each is None or each < 2):
        raise InputError(f"--samples {each}: GRPO compares at least 2 rollouts of a prompt")
    planned = run.plan(args, len(references), each)
    if args.budget == "tokens" and list(planned.save_steps) != [checkpoints.FINAL]:
        raise InputError("--budget tokens: the run's steps are not known before it ends; save 1of1 alone")
    with Rewards(args.task_kind, args.grading_processes) as rewards:
        algorithm = (f"tms.on_policy.{args.algorithm}", f"tms.graders.{args.task_kind}")
        facts = run.identity(args, "train_on_policy", args.references, RESULT_FLAGS, algorithm)

        # Imported here, after the checks that need none of it.
        from tms.on_policy.prompts import prompt_visits
        from tms.on_policy.settings import OnPolicy
        from tms.on_policy.train import train
        from tms.training.encoder import Encoder

        steps, saved = planned.steps, planned.saved
        if args.budget == "tokens":  # the run ends where it has spent them, or at the last of its visits
            steps *= TOKEN_STEPS
            saved = {steps: checkpoints.FINAL}
        visits = steps * args.effective_batch
        visited, tokens = prompt_visits(references, Encoder(args.model), planned.visits, visits, args.seed)
        work = work_folder.open_work_folder(args.work_root, "train_on_policy", facts)
        if os.environ.get("RANK", "0") == "0":
            print(
                f"train_on_policy: {args.algorithm}, {len(references)} prompts, {planned.steps} steps of "
                f"{args.effective_batch} prompts x {each} rollouts",
                file=sys.stderr,
            )
        found = train(
            args.model,
            visited,
            saved,
            OnPolicy(
                **run.settle(args),
                algorithm=args.algorithm,
                engine=args.engine,
                samples=each,
                temperature=args.temperature,
                top_p=args.top_p,
                max_new_tokens=args.max_new_tokens,
                beta=args.beta,
                baseline_decay=args.baseline_decay,
                entropy_bonus=args.entropy_bonus,
                trsft_floor=args.trsft_floor,
                kl_rows=args.kl_rows,
                equal_steps=args.equal_steps,
                max_kl=args.max_kl,
                stops=args.on_failure == "stop",
                tokens=tokens if args.budget == "tokens" else None,
            ),
            work,
            rewards,
        )
    if found is None:
        run.stopped()
    seconds, curve = found
    if os.environ.get("RANK", "0") != "0":
        return
    parquet.write(args.curve, parquet.CURVE, curve, provenance.facts("train_on_policy", seed=args.seed))
    trained_tokens = sum(step["tokens"] for step in curve)
    if args.budget == "tokens" and trained_tokens < tokens:
        print(
            f"warning: {trained_tokens} of SFT's {tokens} tokens in the loss after {TOKEN_STEPS} times its "
            f"steps",
            file=sys.stderr,
        )
    spent = cost.Cost(
        optimizer_steps=len(curve),
        trained_tokens=trained_tokens,
        rollouts=sum(step["rollouts"] for step in curve),
        generated_tokens=round(sum(step["length"] * step["rollouts"] for step in curve)),
        seconds=round(seconds, 3),
    )
    run.publish(args, work, planned, spent)


# Flags that a run's result depends on; the others may change between a stop and its resuming.
RESULT_FLAGS = [
    *("algorithm", "task_kind", "engine", "samples", "temperature", "top_p", "beta", "baseline_decay"),
    *("entropy_bonus", "trsft_floor", "budget", "kl_rows", "epochs", "max_steps", "learning_rate"),
    *("effective_batch", "warmup", "max_new_tokens", "seed", "threads", "save_points", "attention"),
]

if __name__ == "__main__":
    cli.run(main, parser())
