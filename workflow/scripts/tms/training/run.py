"""What the programs that train share: flags, checks before any costly work, and outputs."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tms.io import code_digest, cost, work_folder
from tms.io.errors import InputError
from tms.mixture import checkpoints, schedule
from tms.training import examples
from tms.training.devices import FSDP


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of a training program. Those from --device-batch on change no result beyond float error."""
    add = parser.add_argument
    add("--model", type=Path, required=True, help="model folder to start from (theta_0)")
    add("--epochs", type=int, required=True, help="passes over the training prompts")
    add("--max-steps", type=int, help="optimiser steps, instead of epochs")
    add("--learning-rate", type=float, required=True, help="peak of the cosine schedule")
    add("--effective-batch", type=int, required=True, help="rows or prompts of a step, over all devices")
    add("--warmup", type=float, default=0.03, help="share of the steps with a rising learning rate")
    add("--max-new-tokens", type=int, required=True, help="longest completion; longer ones carry no loss")
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


def add_loss_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of the loss on targets."""
    add = parser.add_argument
    add(
        "--loss",
        choices=["nll", "trsft"],
        default="nll",
        help="nll, or TrSFT's -p / max(stopgrad(p), a), which is what the log and the curves then show",
    )
    add("--trsft-floor", type=float, metavar="A", help="a of TrSFT: below it a token's gradient shrinks")


@dataclass(frozen=True)
class Planned:
    """Visits and steps of a run, and the steps at which it saves."""

    visits: int
    steps: int
    save_steps: dict[str, int]  # point -> step

    @property
    def saved(self) -> dict[int, str]:
        """Step -> point; points of different T can fall on one step, and one model then serves both."""
        return {step: point for point, step in reversed(self.save_steps.items())}


def plan(args: argparse.Namespace, num_prompts: int, rows_each: int = 1) -> Planned:
    """Check a run's steps and batches before a model is loaded.

    Args:
        args: the flags above.
        num_prompts: prompts that each epoch visits.
        rows_each: rows that a visit trains on.

    Raises:
        InputError: steps, batches or flags that cannot work.
    """
    visits = (num_prompts, args.epochs, args.effective_batch, args.max_steps)
    save_steps = schedule.save_steps(args.save_points, *visits)
    if checkpoints.FINAL not in save_steps:
        raise InputError(f"--save-points {' '.join(args.save_points)}: name 1of1, the end of the run, too")
    planned = Planned(schedule.total_visits(*visits), schedule.total_steps(*visits), save_steps)
    if warning := schedule.crowded(args.save_points, planned.steps):
        print(f"warning: {warning}", file=sys.stderr)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    rows = args.effective_batch * rows_each
    if rows % (args.device_batch * processes) or args.effective_batch % processes:
        raise InputError(
            f"--effective-batch {args.effective_batch}{f' x {rows_each} rollouts' * (rows_each > 1)} is no "
            f"multiple of --device-batch {args.device_batch} x {processes} devices = "
            f"{args.device_batch * processes}; lower --device-batch to a divisor"
        )
    if not 0 <= args.warmup < 1:
        raise InputError(f"--warmup {args.warmup}: give a share of the steps, at least 0 and below 1")
    return planned


def identity(
    args: argparse.Namespace, stage: str, source: Path, flags: list[str], modules: tuple[str, ...] = ()
) -> dict:
    """All that a run's result depends on, for `work_folder.open_work_folder`.

    Args:
        args: the flags above.
        stage: stage name.
        source: file of the training rows (its contents are part of what identifies the work).
        flags: those that the result depends on.
        modules: of the stage's code that its flags select.

    Raises:
        InputError: no model folder.
    """
    return {
        "flags": {name: getattr(args, name) for name in flags},
        "output": str(args.output_root),
        "code": code_digest.digests(stage, modules),
        "model": checkpoints.weights_digest(args.model),
        "rows": work_folder.file_digest(source),
    }


def settle(args: argparse.Namespace) -> dict:
    """Set threads and seeds, and return what `tms.training.start.Settings` takes."""
    import torch
    from transformers import set_seed

    if args.threads:
        torch.set_num_threads(args.threads)
    set_seed(args.seed)
    same = ("learning_rate", "effective_batch", "device_batch", "warmup", "seed", "fsdp", "attention")
    same += ("save_every_seconds", "save_every_steps", "report_to", "log_dir")
    return {
        "gradient_checkpointing": args.gradient_checkpointing == "on",
        **{name: getattr(args, name) for name in same},
    }


def stopped() -> None:
    """End a program whose run a signal has stopped."""
    print("stopped by a signal; the same command goes on from here", file=sys.stderr)
    sys.exit(143)


def publish(args: argparse.Namespace, work: Path, planned: Planned, spent: cost.Cost) -> None:
    """Put a finished run's checkpoints and cost into their places, and remove its work folder."""
    shutil.rmtree(args.trajectory, ignore_errors=True)
    args.trajectory.mkdir(parents=True)
    args.output_root.mkdir(parents=True, exist_ok=True)
    for point, step in planned.save_steps.items():
        place = args.output_root if point == checkpoints.FINAL else args.trajectory
        work_folder.publish(work / f"checkpoint-{planned.saved[step]}", place / f"checkpoint-{point}")
    args.cost.parent.mkdir(parents=True, exist_ok=True)
    cost.write(args.cost, spent)
    shutil.rmtree(work)


def execute(
    args: argparse.Namespace,
    stage: str,
    source: Path,
    num_prompts: int,
    supervise: Callable[..., examples.TrainingSet],
) -> None:
    """Train on rows, and write checkpoints and cost; go on where an earlier run of the same work stopped.

    Args:
        args: the flags above.
        stage: stage name.
        source: file of the training rows.
        num_prompts: prompts that each epoch visits.
        supervise: makes the supervision from the model's encoder and the number of visits.

    Raises:
        InputError: steps, batches or flags that cannot work, before a model is loaded.
    """
    planned = plan(args, num_prompts)
    check_loss(args)
    facts = identity(args, stage, source, RESULT_FLAGS)

    # Imported here, after the checks that need none of it.
    from tms.training import losses, sft_trainer
    from tms.training.encoder import Encoder
    from tms.training.start import Settings

    settings = Settings(**settle(args))
    supervised = supervise(Encoder(args.model), planned.visits)
    if os.environ.get("RANK", "0") == "0":
        print(f"{stage}: {supervised.summary()}; {planned.steps} steps", file=sys.stderr)
    examples.check_batches(supervised, args.effective_batch)
    work = work_folder.open_work_folder(args.work_root, stage, facts)
    seconds = sft_trainer.train(
        args.model,
        supervised.targets,
        planned.saved,
        settings,
        work,
        losses.summed_nll if args.loss == "nll" else partial(losses.summed_trsft, floor=args.trsft_floor),
    )
    if seconds is None:
        stopped()
    if os.environ.get("RANK", "0") == "0":
        spent = cost.Cost(
            optimizer_steps=planned.steps,
            trained_tokens=supervised.trained_tokens,
            seconds=round(seconds, 3),
        )
        publish(args, work, planned, spent)


def check_loss(args: argparse.Namespace) -> None:
    """Refuse a floor without TrSFT, TrSFT without one, and one that is no probability."""
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
