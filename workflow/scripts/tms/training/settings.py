"""Settings of a training run, made once from the flags of its program."""

import argparse
import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tms.io import cli
from tms.io.errors import InputError
from tms.training.devices import FSDP
from tms.vision.families import FROZEN, TRAINED

# Flags that a run's result depends on; the others may change between a stop and its resuming.
RESULT_FLAGS = (
    *("epochs", "max_steps", "learning_rate", "effective_batch", "warmup", "adam_beta1", "adam_beta2"),
    *("weight_decay", "max_grad_norm", "max_new_tokens", "seed", "threads", "save_points", "attention"),
    *("checkpoint_dtype", "lora_rank", "lora_alpha", "lora_targets", "lora_dropout", "vision"),
)
BASE_DTYPE = "base"
LOSSES = "losses.json"  # in a work folder: the loss of each step so far
CHECKPOINT_DTYPES = [BASE_DTYPE, "float32", "bfloat16"]
ALL_LINEAR = "all-linear"  # targets of LoRA: the linear layers of the decoder


@dataclass(frozen=True)
class Lora:
    """LoRA adapters (arXiv 2106.09685): W + alpha / rank x B A, with W fixed, B and A trained.

    Attributes:
        rank: of B A.
        alpha: over rank, the scale.
        targets: names of the modules that get them, or `ALL_LINEAR` alone.
        dropout: share of an adapter's inputs that are set to 0 while it is trained.
    """

    rank: int
    alpha: float
    targets: tuple[str, ...] = (ALL_LINEAR,)
    dropout: float = 0.0

    @classmethod
    def from_config(cls, keys: dict) -> Self:
        """Adapters as `training.lora` of a configuration has them."""
        targets = keys.get("targets", ALL_LINEAR)
        names = (targets,) if isinstance(targets, str) else tuple(targets)
        return cls(keys["rank"], keys["alpha"], names, keys.get("dropout", 0.0))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of the optimiser, the devices, the saved states and the reports.

    Attributes:
        learning_rate: peak of its schedule.
        effective_batch: rows (on-policy: prompts) of an optimiser step, over all devices.
        device_batch: rows (on-policy: rollouts) that one device takes at once.
        warmup: share of the steps with a rising learning rate.
        adam_beta1, adam_beta2: decay of AdamW's two moments.
        weight_decay: of AdamW.
        max_grad_norm: norm to which gradients are clipped; 0: no clipping.
        seed: of the order of the rows, and of all that is drawn.
        threads: CPU threads; None: torch's own choice.
        gradient_checkpointing: on or off: compute activations twice instead of keeping them.
        fsdp: auto, on or off: shard weights, gradients and optimiser over the processes.
        attention: implementation, e.g. sdpa or eager.
        save_every_seconds, save_every_steps: when a state to resume from is saved; 0 steps: by time alone.
        report_to: reporter that transformers knows, or none.
        log_dir: folder of event files.
        checkpoint_dtype: precision of the saved weights; base: that of theta_0's own files.
        vision: frozen or trained: whether what a model reads images with is trained too.
        lora_rank, lora_alpha, lora_targets, lora_dropout: of `Lora`; without a rank all weights are trained.
    """

    learning_rate: float
    effective_batch: int
    device_batch: int
    seed: int
    log_dir: Path
    warmup: float = 0.03
    adam_beta1: float = 0.9
    adam_beta2: float = 0.95
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    threads: int | None = None
    gradient_checkpointing: str = "off"
    fsdp: str = "auto"
    attention: str = "sdpa"
    save_every_seconds: float = 600
    save_every_steps: int = 0
    report_to: str = "tensorboard"
    checkpoint_dtype: str = BASE_DTYPE
    vision: str = FROZEN
    lora_rank: int | None = None
    lora_alpha: float | None = None
    lora_targets: Sequence[str] = (ALL_LINEAR,)
    lora_dropout: float = 0.0

    def __post_init__(self):
        if not 0 <= self.warmup < 1:
            raise InputError(f"--warmup {self.warmup}: give a share of the steps, at least 0 and below 1")
        for name in ("adam_beta1", "adam_beta2"):
            if not 0 <= getattr(self, name) < 1:
                flag = name.replace("_", "-")
                raise InputError(f"--{flag} {getattr(self, name)}: give a decay, at least 0 and below 1")
        for name in ("weight_decay", "max_grad_norm"):
            if not 0 <= getattr(self, name) < math.inf:
                flag = name.replace("_", "-")
                raise InputError(f"--{flag} {getattr(self, name)}: give a number, at least 0")
        if (self.lora_rank is None) != (self.lora_alpha is None):
            raise InputError("--lora-rank, --lora-alpha: give both, or neither")
        if self.lora_rank is not None and self.vision == TRAINED:
            raise InputError(
                f"--lora-rank, --vision {TRAINED}: adapters are of the decoder alone; leave one out"
            )

    @property
    def lora(self) -> Lora | None:
        """The adapters that are trained; None where all weights are."""
        if self.lora_rank is None:
            return None
        return Lora(self.lora_rank, self.lora_alpha, tuple(self.lora_targets), self.lora_dropout)

    @classmethod
    def from_flags(cls, args: argparse.Namespace) -> Self:
        """Read the settings of this class from parsed flags of the same names.

        Raises:
            InputError: a value out of range.
        """
        return cls(**{field.name: getattr(args, field.name) for field in dataclasses.fields(cls)})


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of a training program. Those from --device-batch on change no result beyond float error."""
    add = parser.add_argument
    add("--model", type=Path, required=True, help="model folder to start from (theta_0)")
    add("--epochs", type=int, required=True, help="passes over the training prompts")
    add("--max-steps", type=int, help="optimiser steps, instead of epochs")
    add("--learning-rate", type=float, required=True, help="peak of the schedule")
    add("--effective-batch", type=int, required=True, help="rows or prompts of a step, over all devices")
    add("--warmup", type=float, help="share of the steps with a rising learning rate")
    add("--adam-beta1", type=float, help="decay of AdamW's first moment")
    add("--adam-beta2", type=float, help="decay of AdamW's second moment")
    add("--weight-decay", type=float, help="of AdamW")
    add("--max-grad-norm", type=float, help="norm to which gradients are clipped (0: never)")
    add("--max-new-tokens", type=int, required=True, help="longest completion; longer ones carry no loss")
    cli.add_images(parser)
    add("--seed", type=int, required=True, help="seed of the order of the rows")
    add("--threads", type=int, help="CPU threads; a result on a CPU depends on them")
    add("--save-points", nargs="+", required=True, metavar="POINT", help="checkpoints, e.g. 1of10 1of5 1of1")
    add("--attention", help="attention implementation: sdpa, eager, flash_attention_2, ...")
    add(
        "--checkpoint-dtype",
        choices=CHECKPOINT_DTYPES,
        help="precision of the saved weights; base: that of theta_0's own files",
    )
    add("--vision", choices=[FROZEN, TRAINED], help="whether the vision tower is trained too")
    add("--lora-rank", type=int, help="train LoRA adapters of this rank instead of all weights")
    add("--lora-alpha", type=float, help="their scale, times the rank")
    add("--lora-targets", nargs="+", metavar="MODULE", help=f"modules that get them, or {ALL_LINEAR}")
    add("--lora-dropout", type=float, help="share of their inputs that is left out while they are trained")
    add("--device-batch", type=int, required=True, help="rows that one device takes at once")
    add("--gradient-checkpointing", choices=["on", "off"], help="trade time for memory")
    add("--fsdp", choices=FSDP, help="shard the model over the processes; auto: where it must")
    add("--save-every-seconds", type=float, help="time between two states to resume from")
    add("--save-every-steps", type=int, help="also save a state every so many steps (0: by time)")
    add("--work-root", type=Path, required=True, help="where unfinished runs work and resume")
    add("--output-root", type=Path, required=True, help="folder that gets checkpoint-1of1, the end")
    add("--trajectory", type=Path, required=True, help="folder that gets the checkpoints before the end")
    add("--cost", type=Path, required=True, help="cost JSON to write")
    add("--updates", type=Path, required=True, help="JSON to write: how far each checkpoint is from theta_0")
    add("--log-dir", type=Path, required=True, help="folder for TensorBoard event files")
    add("--report-to", help="reporter that transformers knows (wandb, ...), or none")
    set_defaults(parser, Settings)


def set_defaults(parser: argparse.ArgumentParser, settings: type[Settings]) -> None:
    """Give flags the defaults of the settings that they name."""
    fields = dataclasses.fields(settings)
    given = {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}
    parser.set_defaults(**given)
