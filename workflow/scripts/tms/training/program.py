"""The training programs' common course: checks before any costly work, training on rows, outputs."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tms.io import code_digest, cost, interrupts, json_file, variables, work_folder
from tms.io.errors import InputError
from tms.io.images import Images
from tms.mixture import checkpoints, schedule
from tms.model_folder.weights_record import UPDATE
from tms.model_folder.whole import open_weights
from tms.training import evaluated_prompts, examples, health, losses_by_name, replay_flags
from tms.training.settings import LOSSES, RESULT_FLAGS, Settings


def add_row_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of training on rows: the loss on targets with its settings, and what the run tells of itself."""
    add = parser.add_argument
    add(
        "--loss",
        default=losses_by_name.NLL,
        help=f"loss on targets, which the log and the curves show: {', '.join(losses_by_name.names())}",
    )
    for key, kind in losses_by_name.all_keys().items():
        add(f"--{key.replace('_', '-')}", type=kind, help=f"training.{key} of the configuration")
    add(
        "--masked-targets",
        choices=["stop", "warn"],
        default="stop",
        help="what follows where more than half of the targets are cut or too long; changes no result",
    )
    add("--health", type=Path, required=True, help="JSON to write: masked targets, their sources, the losses")
    replay_flags.add(parser)
    evaluated_prompts.add_flags(parser)


@dataclass(frozen=True)
class StepPlan:
    """Visits of prompts and optimiser steps of a run, and the steps at which it saves."""

    visits: int
    steps: int
    save_steps: dict[str, int]  # point -> step

    @property
    def saved(self) -> dict[int, str]:
        """Step -> point; points of different T can fall on one step, and one model then serves both."""
        return {step: point for point, step in reversed(self.save_steps.items())}


def plan_steps(args: argparse.Namespace, num_prompts: int, rows_each: int = 1) -> StepPlan:
    """Plan a run's steps, and check its batches before a model is loaded.

    Args:
        args: flags of `tms.training.settings.add_flags`.
        num_prompts: prompts that each epoch visits.
        rows_each: rows that a visit trains on.

    Raises:
        InputError: steps, batches or an environment that cannot work.
    """
    run = (num_prompts, args.epochs, args.effective_batch, args.max_steps)
    save_steps = schedule.save_steps(args.save_points, *run)
    if checkpoints.FINAL not in save_steps:
        raise InputError(f"--save-points {' '.join(args.save_points)}: name 1of1, the end of the run, too")
    plan = StepPlan(schedule.total_visits(*run), schedule.total_steps(*run), save_steps)
    if warning := schedule.crowded(args.save_points, plan.steps):
        print(warning, file=sys.stderr)  # told on the terminal by the check of the config
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    rows = args.effective_batch * rows_each
    if rows % (args.device_batch * processes) or args.effective_batch % processes:
        raise InputError(
            f"--effective-batch {args.effective_batch}{f' x {rows_each} rollouts' * (rows_each > 1)} is no "
            f"multiple of --device-batch {args.device_batch} x {processes} devices = "
            f"{args.device_batch * processes}; lower --device-batch to a divisor"
        )
    variables.check_launcher()
    return plan


def result_facts(
    args: argparse.Namespace, stage: str, source: Path, flags: tuple[str, ...], modules: tuple[str, ...] = ()
) -> dict:
    """All that a run's result depends on, for `work_folder.open_work_folder`.

    Args:
        args: the program's flags.
        stage: stage name.
        source: file of the training rows (its contents are part of what identifies the work).
        flags: those that the result depends on, beside `RESULT_FLAGS`.
        modules: of the stage's code that its flags select.

    Raises:
        InputError: no model folder.
    """
    return {
        "flags": {name: getattr(args, name) for name in (*RESULT_FLAGS, *flags)},
        "output": str(args.output_root),
        "code": code_digest.digests(stage, modules),
        "model": open_weights(args.model),
        "rows": work_folder.file_digest(source),
    }


def is_first_process() -> bool:
    """Whether this is the training process that prints, and writes the outputs."""
    return os.environ.get("RANK", "0") == "0"


def end_stopped() -> None:
    """End a program whose run a signal has stopped."""
    interrupts.end_program("stopped by a signal; the same command goes on from here", 143)


def publish(args: argparse.Namespace, work: Path, plan: StepPlan, spent: cost.Cost) -> None:
    """Put a finished run's checkpoints, updates and cost into their places, and remove its work folder."""
    if args.trajectory.exists():
        shutil.rmtree(args.trajectory)
    args.trajectory.mkdir(parents=True)
    args.output_root.mkdir(parents=True, exist_ok=True)
    for point, step in plan.save_steps.items():
        place = args.output_root if point == checkpoints.FINAL else args.trajectory
        work_folder.publish(work / f"checkpoint-{plan.saved[step]}", place / f"checkpoint-{point}")
    for file in (args.updates, args.cost):
        file.parent.mkdir(parents=True, exist_ok=True)
    remedy = f"delete {work} and run again"
    updates = {
        point: json_file.read(work / f"checkpoint-{plan.saved[step]}" / UPDATE, "record", remedy)
        for point, step in plan.save_steps.items()
    }
    json_file.write(args.updates, updates)
    tell(args, health.of_update(updates[checkpoints.FINAL]))
    cost.write(args.cost, spent)
    shutil.rmtree(work)


def train_on_rows(
    args: argparse.Namespace,
    stage: str,
    source: Path,
    num_prompts: int,
    make_training_set: Callable[..., examples.TrainingSet],
    alpha: float | None = None,
) -> None:
    """Train on rows, and write checkpoints and cost; go on where an earlier run of the same work stopped.

    Args:
        args: flags of `tms.training.settings.add_flags` and `add_row_flags`.
        stage: stage name.
        source: file of the training rows.
        num_prompts: prompts that each epoch visits.
        make_training_set: from the model's encoder and the number of visits.
        alpha: of the mixture that the rows were drawn from; None: of none.

    Raises:
        InputError: steps, batches, flags or targets that cannot work, before a model is loaded.
    """
    plan = plan_steps(args, num_prompts)
    settings = Settings.from_flags(args)
    loss, chosen = losses_by_name.load(args.loss), losses_by_name.settings(args)
    facts = result_facts(args, stage, source, ("loss", *chosen), (losses_by_name.module(args.loss),))
    facts |= replay_flags.facts(args)

    # Imported here, after the checks that need none of it.
    from tms.training import sft_trainer
    from tms.training.encoder import Encoder

    encoder = Encoder(args.model, Images(args.images))
    evaluated_prompts.check(args, encoder)
    training_set = make_training_set(encoder, plan.visits)
    if is_first_process():
        print(f"{stage}: {training_set.summary()}; {plan.steps} steps", file=sys.stderr)
    empty = examples.empty_steps(training_set.targets, args.effective_batch)
    facts_of_rows = training_set.facts() | {
        **{"limit": args.max_new_tokens, "alpha": alpha},
        **{"steps": plan.steps, "empty_steps": len(empty)},
    }
    health.check_masked(facts_of_rows, args.masked_targets)
    if is_first_process():
        tell(args, health.of_targets(facts_of_rows))
    work = work_folder.open_work_folder(args.work_root, stage, facts)
    seconds = sft_trainer.train(
        args.model,
        training_set.targets,
        plan.saved,
        settings,
        work,
        partial(loss.summed, **chosen),
        losses_by_name.reads_base(args.loss),
        encoder.chat.images,
    )
    if seconds is None:
        end_stopped()
    if is_first_process():
        spent = cost.Cost(
            optimizer_steps=plan.steps,
            trained_tokens=training_set.trained_tokens,
            frozen_tokens=training_set.trained_tokens if losses_by_name.reads_base(args.loss) else 0,
            seconds=round(seconds, 3),
        )
        again = f"delete {work} and run again"
        of_steps = enumerate(json_file.read_list(work / LOSSES, "list of losses", again, int | float))
        losses = [loss for step, loss in of_steps if step not in empty]
        json_file.write(args.health, facts_of_rows | {"losses": losses}, indent=None)
        tell(args, health.of_losses(facts_of_rows | {"losses": losses}))
        publish(args, work, plan, spent)


def tell(args: argparse.Namespace, signs: list[health.Sign]) -> None:
    """Print what looks wrong with a run."""
    for sign in signs:
        print(f"warning: {args.output_root}: {sign}", file=sys.stderr)
