"""Train theta_0 on its own rollouts: GRPO, REINFORCE or TRAPO, with the task's grader as reward; or SDFT or
distillation, towards a teacher's distributions."""

import argparse
import importlib.util
import sys
from contextlib import nullcontext
from pathlib import Path

from tms.grading.graders import add_grader, grader_for, graders_of
from tms.grading.losses import add_lost_rows
from tms.grading.rewards import Rewards
from tms.io import cli, cost, parquet, provenance, work_folder
from tms.io.errors import InputError
from tms.io.images import Images
from tms.mixture import checkpoints
from tms.model_folder.vocabulary import check_vocabulary
from tms.model_folder.whole import open_weights
from tms.on_policy.settings import OnPolicySettings
from tms.training import evaluated_prompts, program
from tms.training.settings import add_flags, set_defaults

RESULT_FLAGS = (  # flags that a run's result depends on, beside those of all training
    *("algorithm", "grader", "engine", "samples", "temperature", "top_p", "beta", "baseline_decay"),
    *("entropy_bonus", "trsft_floor", "divergence", "sdft_template", "teacher_average"),
    *("budget", "kl_rows"),
)
TOKEN_STEPS = 4  # a run of equal tokens may take so many times SFT's steps


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--references", type=Path, required=True, help="Parquet file of verified references: the prompts")
    add("--algorithm", required=True, help="module of tms/on_policy: grpo, reinforce, trapo, sdft, distill")
    add_grader(flags, "the task's grader, for algorithms that learn from rewards")
    add("--engine", required=True, help="sampler: transformers or vllm")
    add("--samples", type=int, required=True, help="rollouts of each prompt and visit")
    add("--temperature", type=float, help="of the sampling")
    add("--top-p", type=float, help="of the sampling")
    add("--beta", type=float, help="weight of the KL term (GRPO)")
    add("--baseline-decay", type=float, help="of the moving average of rewards (REINFORCE)")
    add("--entropy-bonus", type=float, help="weight of the entropy (TRAPO)")
    add("--trsft-floor", type=float, help="a of the TrSFT loss (TRAPO)")
    add(
        "--divergence",
        type=float,
        help="0: KL(teacher || policy), 1: KL(policy || teacher) (SDFT, distillation)",
    )
    add("--sdft-template", help="what SDFT's teacher reads, with {prompt} and {reference} in it")
    add(
        "--teacher-average",
        type=float,
        help="share of the policy that SDFT's teacher takes over at each step",
    )
    add("--teacher", type=Path, help="model folder of the teacher (distillation)")
    add("--budget", choices=["steps", "tokens"], help="as many steps, or tokens in the loss, as SFT")
    add("--kl-rows", type=int, help="rollouts of a step on which the KL to the base is measured")
    add("--equal-steps", type=int, help="steps of equal rewards after which a run has no signal")
    add("--max-kl", type=float, help="nats a completion from which the policy is lost")
    add("--on-failure", choices=["stop", "warn"], help="of a run without signal or policy")
    add("--grading-processes", type=int, default=2, help="worker processes of the grader")
    add_lost_rows(flags)
    add("--curve", type=Path, required=True, help="output: Parquet file with a row for each optimiser step")
    add_flags(flags)
    evaluated_prompts.add_flags(flags)
    set_defaults(flags, OnPolicySettings)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    references = parquet.read_references(args.references, benchmark="")
    graders = graders_of(args.grader) if args.grader else {}
    references = [
        row | {"grader": grader_for(graders, row["benchmark"]) if graders else ""} for row in references
    ]
    module = f"tms.on_policy.{args.algorithm}"
    if importlib.util.find_spec(module) is None:
        raise InputError(f"--algorithm {args.algorithm}: no such module in tms/on_policy")
    if args.algorithm == "grpo" and args.samples < 2:
        raise InputError(f"--samples {args.samples}: GRPO compares at least 2 rollouts of a prompt")
    plan = program.plan_steps(args, len(references), args.samples)
    settings = OnPolicySettings.from_flags(args)
    if args.budget == "tokens" and list(plan.save_steps) != [checkpoints.FINAL]:
        raise InputError("--budget tokens: the run's steps are not known before it ends; save 1of1 alone")
    if args.teacher:
        check_vocabulary(args.model, args.teacher)
    names = sorted(set(graders.values()))
    with Rewards(names, args.grading_processes, args.lost_rows) if names else nullcontext() as rewards:
        modules = (module, *(f"tms.graders.{name}" for name in names))
        facts = program.result_facts(args, "train_on_policy", args.references, RESULT_FLAGS, modules)
        facts |= {"teacher": open_weights(args.teacher)} if args.teacher else {}

        if args.engine == "vllm":
            from tms.generation.engines.vllm_cpu import keep_weights

            keep_weights()
        # Imported here, after the checks that need none of it.
        from tms.on_policy.prompts import prompts_in_order
        from tms.on_policy.train import train
        from tms.training.encoder import Encoder

        steps, saved = plan.steps, plan.saved
        if args.budget == "tokens":  # the run ends where it has spent them, or at the last of its visits
            steps *= TOKEN_STEPS
            saved = {steps: checkpoints.FINAL}
        visits = steps * args.effective_batch
        encoder = Encoder(args.model, Images(args.images))
        evaluated_prompts.check(args, encoder)
        prompts, tokens = prompts_in_order(
            references, encoder, plan.visits, visits, args.seed, args.sdft_template
        )
        work = work_folder.open_work_folder(args.work_root, "train_on_policy", facts)
        if program.is_first_process():
            print(
                f"train_on_policy: {args.algorithm}, {len(references)} prompts, {plan.steps} steps of "
                f"{args.effective_batch} prompts x {args.samples} rollouts",
                file=sys.stderr,
            )
        budget = tokens if args.budget == "tokens" else None
        result = train(args.model, prompts, saved, settings, work, rewards, budget, encoder.chat)
    if result is None:
        program.end_stopped()
    seconds, curve = result
    if not program.is_first_process():
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
        frozen_tokens=trained_tokens if args.beta or not args.grader else 0,  # KL to the base, or a teacher
        rollouts=sum(step["rollouts"] for step in curve),
        generated_tokens=round(sum(step["length"] * step["rollouts"] for step in curve)),
        seconds=round(seconds, 3),
    )
    program.publish(args, work, plan, spent)


if __name__ == "__main__":
    cli.run(main, parser())
