"""How a training run starts: its settings, a state to go on from, and what every Trainer is told."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers.utils import logging

from tms.io.errors import InputError
from tms.io.work_folder import latest_state
from tms.training import sharding
from tms.training.devices import shards


@dataclass(frozen=True)
class Settings:
    """How a run trains. `warmup` is a share of all steps; `save_every_*` govern states for resuming."""

    learning_rate: float
    effective_batch: int
    device_batch: int
    warmup: float
    seed: int
    gradient_checkpointing: bool
    fsdp: str  # auto, on or off: whether weights, gradients and optimizer are sharded over the processes
    attention: str  # implementation, e.g. sdpa or eager
    save_every_seconds: float
    save_every_steps: int  # 0: by time alone
    report_to: str
    log_dir: Path


@dataclass(frozen=True)
class Start:
    """Where a run begins: a saved state or step 0, on so many processes, sharded or not."""

    sharded: bool
    processes: int
    states: Path  # folder of the saved states
    state: Path | None  # the state to go on from
    since: float  # monotonic second at which the run would have begun without a break

    @property
    def seconds(self) -> float:
        """Training seconds so far, those of earlier parts of the run included."""
        return time.monotonic() - self.since


def begin(base: Path, settings: Settings, work: Path) -> Start:
    """Find a saved state of a run, and settle how its model lies on the devices.

    Args:
        base: model folder of theta_0.
        settings: of the run.
        work: the run's work folder.

    Raises:
        InputError: more devices than processes, or a model that does not fit.
    """
    started = time.monotonic()
    # Of loading and saving; training's own is `CheckpointCallback.progress`.
    logging.disable_progress_bar()
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1 and torch.cuda.device_count() > 1:
        raise InputError(
            f"{torch.cuda.device_count()} GPUs are visible to one process; start with `accelerate launch`, "
            f"or make one visible with CUDA_VISIBLE_DEVICES"
        )
    sharded = shards(settings.fsdp, sharding.count_parameters(base), processes, sharding.card_bytes())
    # A state of one kind cannot be resumed by the other.
    states = work / ("sharded-states" if sharded else "states")
    found = latest_state(states)
    state, earlier = (found[0], found[1]["seconds"]) if found else (None, 0.0)
    if not state and os.environ.get("RANK", "0") == "0":
        for stale in settings.log_dir.glob("events.out.tfevents.*"):  # of a run that this one replaces
            stale.unlink()
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(settings.log_dir)
    return Start(sharded, processes, states, state, started - earlier)


def arguments(settings: Settings, start: Start) -> dict:
    """Arguments of `TrainingArguments` that all runs share (optimiser: docs/method.md)."""
    on_gpu = torch.cuda.is_available()
    return {
        "output_dir": str(start.states),
        "num_train_epochs": 1,  # the rows hold every epoch
        "learning_rate": settings.learning_rate,
        "adam_beta1": 0.9,
        "adam_beta2": 0.95,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "bf16": on_gpu and torch.cuda.is_bf16_supported(),
        "use_cpu": not on_gpu,
        "gradient_checkpointing": settings.gradient_checkpointing and not start.sharded,
        "fsdp": start.sharded,
        "fsdp_config": sharding.fsdp_config(settings.gradient_checkpointing) if start.sharded else None,
        "seed": settings.seed,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would hide what `CheckpointCallback.on_log` looks for
        "save_strategy": "no",
        "report_to": settings.report_to,
        "disable_tqdm": True,
        "ddp_find_unused_parameters": False,
        "dataloader_pin_memory": on_gpu,
        "remove_unused_columns": False,
    }
