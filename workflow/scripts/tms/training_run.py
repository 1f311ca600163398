"""What the programs train_sft and train_student share: flags, checks before any costly work, and outputs."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tms import checkpoints, code_digest, cost, schedule, supervision, work_folder
from tms.devices import FSDP
from tms.errors import InputError


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of a training program. Those from --device-batch on change no result beyond float error."""
    add = parser.add_argument
    add("--model", type=Path, required=True, help="model folder to start from (theta_0)")
    add("--epochs", type=int, required=True, help="passes over the training prompts")
    add("--max-steps", type=int, help="optimiser steps, instead of epochs")
    add("--learning-rate", type=float, required=True, help="peak of the cosine schedule")
    add("--effective-batch", type=int, required=True, help="rows of one optimiser step, over all devices")
    add("--warmup", type=float, default=0.03, help="share of the steps with a rising learning rate")
    add("--max-new-tokens", type=int, required=True, help="completions with more tokens carry no loss")
    add(
        "--loss",
        choices=["nll", "trsft"],
        default="nll",
        help="nll, or TrSFT's -p / max(stopgrad(p), a), which is what the log and the curves then show",
    )
    add("--trsft-floor", type=float, metavar="A", help="a of TrSFT: below it a token's gradient shrinks")
    add("--seed", type=int, required=True, help="seed of the order of the rows")
    add("--threads", type=int, help="CPU threads; a result on a CPU depends on them")
    add("--save-points", nargs="+", required=True, metavar="POINT", help="checkpoints, e.g. 1of10 1of5 1of1")
    add("--device-batch", type=int, required=True, help="rows that one device takes at once")
    add("--gradient-checkpointing", choices=["on", "off"], default="off", help="trade time for memory")
    add(
        "--fsdp", choices=FSDP, default="auto", help="shard the model over the processes; auto: where it must"
    )
    add("--attention", default="sdpa", help="attention implementation: sdpa, eager, flash_attention_2, ...")
    add("--save-every-seconds", type=float, default=600, help="time between two states to resume from")
    add("--save-every-steps", type=int, default=0, help="also save a state every so many steps (0: by time)")
    add("--work-root", type=Path, required=True, help="where unfinished runs work and resume")
    add("--output-root", type=Path, required=True, help="folder that gets checkpoint-1of1, the end")
    add("--trajectory", type=Path, required=True, help="folder that gets the checkpoints before the end")
    add("--cost", type=Path, required=True, help="cost JSON to write")
    add("--log-dir", type=Path, required=True, help="folder for TensorBoard event files")
    add("--report-to", default="tensorboard", help="reporter that transformers knows (wandb, ...), or none")


def execute(
    args: argparse.Namespace,
    stage: str,
    source: Path,
    num_prompts: int,
    supervise: Callable[..., supervision.Supervision],
) -> None:
    """Train and write checkpoints and cost; resume where an earlier run of the same work was stopped.

    Args:
        args: the flags above.
        stage: stage name.
        source: file of the training rows (its contents are part of what identifies the work).
        num_prompts: prompts that each epoch visits.
        supervise: makes the supervision from the model's encoder and the number of visits.

    Raises:
        InputError: steps, batches or flags that cannot work, before a model is loaded.
    """
    visits = (num_prompts, args.epochs, args.effective_batch, args.max_steps)
    save_steps = schedule.save_steps(args.save_points, *visits)
    total_steps = schedule.total_steps(*visits)
    if checkpoints.FINAL not in save_steps:
        raise InputError(f"--save-points {' '.join(args.save_points)}: name 1of1, the end of the run, too")
    if warning := schedule.crowded(args.save_points, total_steps):
        print(f"warning: {warning}", file=sys.stderr)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if args.effective_batch % (args.device_batch * processes):
        raise InputError(
            f"--effective-batch {args.effective_batch} is no multiple of --device-batch {args.device_batch} "
            f"x {processes} devices = {args.device_batch * processes}; lower --device-batch to a divisor"
        )
    if not 0 <= args.warmup < 1:
        raise InputError(f"--warmup {args.warmup}: give a share of the steps, at least 0 and below 1")
    _check_loss(args)
    facts = {
        "flags": {name: getattr(args, name) for name in RESULT_FLAGS},
        "output": str(args.output_root),
        "code": code_digest.digests(stage),
        "model": checkpoints.weights_digest(args.model),
        "rows": work_folder.file_digest(source),
    }

    # Imported here, after the checks that need none of it.
    import torch
    from transformers import set_seed

    from tms import losses, training
    from tms.encoder import Encoder

    if args.threads:
        torch.set_num_threads(args.threads)
    set_seed(args.seed)
    supervised = supervise(Encoder(args.model), schedule.total_visits(*visits))
    if os.environ.get("RANK", "0") == "0":
        print(f"{stage}: {supervised.summary()}; {total_steps} steps", file=sys.stderr)
    supervision.check_batches(supervised, args.effective_batch)
    work = work_folder.open_work_folder(args.work_root, stage, facts)
    # Points of different T can fall on one step: one model then serves both.
    saved = {step: point for point, step in reversed(save_steps.items())}
    seconds = training.train(
        args.model,
        supervised.targets,
        saved,
        training.Settings(
            learning_rate=args.learning_rate,
            effective_batch=args.effective_batch,
            device_batch=args.device_batch,
            warmup=args.warmup,
            seed=args.seed,
            gradient_checkpointing=args.gradient_checkpointing == "on",
            fsdp=args.fsdp,
            attention=args.attention,
            save_every_seconds=args.save_every_seconds,
            save_every_steps=args.save_every_steps,
            report_to=args.report_to,
            log_dir=args.log_dir,
        ),
        work,
        losses.summed_nll if args.loss == "nll" else partial(losses.summed_trsft, floor=args.trsft_floor),
    )
    if seconds is None:
        print("stopped by a signal; the same command goes on from here", file=sys.stderr)
        sys.exit(143)
    if os.environ.get("RANK", "0") != "0":
        return
    shutil.rmtree(args.trajectory, ignore_errors=True)
    args.trajectory.mkdir(parents=True)
    args.output_root.mkdir(parents=True, exist_ok=True)
    for point, step in save_steps.items():
        place = args.output_root if point == checkpoints.FINAL else args.trajectory
        work_folder.publish(work / f"checkpoint-{saved[step]}", place / f"checkpoint-{point}")
    args.cost.parent.mkdir(parents=True, exist_ok=True)
    spent = cost.Cost(
        optimizer_steps=total_steps, trained_tokens=supervised.trained_tokens, seconds=round(seconds, 3)
    )
    cost.write(args.cost, spent)
    shutil.rmtree(work)


def _check_loss(args: argparse.Namespace) -> None:
    if args.loss == "nll" and args.trsft_floor is not None:
        raise InputError(
            f"--trsft-floor {args.trsft_floor}: it belongs to --loss trsft; give both or neither"
        )
    if args.loss == "trsft" and args.trsft_floor is None:
        raise InputError("--loss trsft: give --trsft-floor too, e.g. 0.1")
    if args.loss == "trsft" and not 0 < args.trsft_floor <= 1:
        raise InputError(f"--trsft-floor {args.trsft_floor}: give a probability above 0, and at most 1")


# Flags that a run's result depends on; the others may change between a stop and its resuming.
RESULT_FLAGS = [
    "epochs",
    "max_steps",
    "learning_rate",
    "effective_batch",
    "warmup",
    "max_new_tokens",
    "loss",
    "trsft_floor",
    "seed",
    "threads",
    "save_points",
    "attention",
]
