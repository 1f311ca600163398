"""Fine-tuning on given targets with transformers' Trainer (AdamW, cosine; the paper's Table 4).

Trainer brings what a run on several devices needs (accelerate, FSDP, reporters); the loss and the order of
the rows are set here, the checkpoints and the resuming in `tms.training.trainer_run`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from tms.model_folder.load import load_model
from tms.training import sharding
from tms.training.examples import IGNORED, TrainingExample, empty_steps, masked_target
from tms.training.frozen_base import FrozenBase
from tms.training.head_loss import SummedLoss, put_loss_in
from tms.training.losses import nll
from tms.training.settings import Settings
from tms.training.trainer_run import TrainerRun

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages


def train(
    base: Path,
    targets: list[TrainingExample],
    save_steps: dict[int, str],
    settings: Settings,
    work: Path,
    summed_loss: SummedLoss = nll.summed,
    reads_base: bool = False,
    images: PromptImages | None = None,
) -> float | None:
    """Train a copy of a base model on the targets, in their order, and save checkpoints.

    A run that finds a saved state in `work` goes on from there; on a CPU with equal threads it ends with the
    same bits as a run that was never stopped. SIGTERM and SIGINT save the state after the current step.

    Args:
        base, save_steps, settings, work, images: as `TrainerRun` takes them.
        targets: one a visit.
        summed_loss: of a module of `tms/training/losses`, with its settings; a step lowers its mean over the
            tokens of a global batch.
        reads_base: whether the loss takes the base's logits.

    Returns:
        Training seconds, those of earlier parts of the run included; None where a signal stopped it.

    Raises:
        InputError: more devices than processes, a model that does not fit, no memory left, or a loss that is
            not finite.
    """
    run = TrainerRun(base, save_steps, settings, work, images)
    batch = settings.device_batch
    arguments = TrainingArguments(
        **run.arguments,
        train_sampling_strategy="sequential",
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=settings.effective_batch // (batch * run.processes),
        lr_scheduler_type="cosine",
        warmup_steps=settings.warmup,
    )
    model = run.load_model()
    frozen = FrozenBase() if reads_base else None
    put_loss_in(model, summed_loss, frozen)
    callbacks = [run.checkpoints, SkipSteps(empty_steps(targets, settings.effective_batch))]
    if frozen:
        callbacks.append(LoadBase(frozen, run))
    trainer = Trainer(
        run.attach(model),
        arguments,
        data_collator=collate,
        train_dataset=arrange(targets, settings.effective_batch),
        callbacks=callbacks,
    )
    return run.fit(trainer)


class SkipSteps(TrainerCallback):
    """Leaves the weights and AdamW's moments as they are at some optimiser steps; the schedule goes on.

    A step without a token with loss has a gradient of zero, with which AdamW would go on by its momentum and
    its weight decay. Without any gradient it does nothing.

    Args:
        steps: from 0; on several devices each has the same.
    """

    def __init__(self, steps: list[int]):
        self.steps = frozenset(steps)

    def on_pre_optimizer_step(self, args, state, control, optimizer, **kwargs):
        if state.global_step in self.steps:
            optimizer.zero_grad(set_to_none=True)


class LoadBase(TrainerCallback):
    """Loads theta_0 when training begins: in float32 beside whole weights, in shards where these are.

    So its passes compute as the model's do (autocast, or bfloat16 in shards), and a KL is 0 until the first
    step. It is read from theta_0's folder at every start: a resumed run compares with the same weights.

    Args:
        base: what the loss asks.
        run: whose theta_0 it is.
    """

    def __init__(self, base: FrozenBase, run: TrainerRun):
        self.base, self.run = base, run

    def on_train_begin(self, args, state, control, model, **kwargs):
        settings = self.run.settings
        if settings.lora:
            return self.base.use_adapted(model)
        frozen = load_model(self.run.base, torch.float32, settings.attention, self.run.images)
        frozen.requires_grad_(False)
        if self.run.sharded:
            frozen = sharding.shard_frozen(frozen, sharding.in_bfloat16() if args.bf16 else None)
        else:
            frozen = frozen.to(args.device)
        return self.base.use_model(frozen)


def arrange(targets: list[TrainingExample], effective_batch: int) -> list[TrainingExample]:
    """Fill the last batch with rows without loss, and sort each batch by length, longest first.

    Filled, every device has the same number of rows (accelerate would otherwise repeat rows from the start
    on some). Within a batch the order changes the sum of the gradients in its last bits only, and
    micro-batches of like lengths need less padding.
    """
    missing = -len(targets) % effective_batch
    filled = [*targets, *[masked_target(targets[0].input_ids[0])] * missing]
    return [
        target
        for first in range(0, len(filled), effective_batch)
        for target in sorted(
            filled[first : first + effective_batch], key=lambda target: len(target.input_ids), reverse=True
        )
    ]


def collate(targets: list[TrainingExample]) -> dict[str, torch.Tensor]:
    """Pad targets on the right to `input_ids` and `labels`, both [B, L].

    There is no attention mask: a causal model's real tokens never see the padding behind them, and padding
    has no loss.
    """
    length = max(len(target.input_ids) for target in targets)
    rows = [target.input_ids + [0] * (length - len(target.input_ids)) for target in targets]
    labels = [target.labels + [IGNORED] * (length - len(target.labels)) for target in targets]
    return {"input_ids": torch.tensor(rows), "labels": torch.tensor(labels)}
