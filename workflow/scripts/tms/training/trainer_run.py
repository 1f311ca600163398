"""A run of transformers' Trainer on one device or several: where it starts, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import PreTrainedModel, PrinterCallback, Trainer, set_seed
from transformers.utils import logging

from tms.io import disk, made_by, parent
from tms.io.errors import InputError
from tms.io.work_time import WorkTime
from tms.model_folder.load import load_model
from tms.model_folder.whole import open_weights
from tms.training import sharding
from tms.training.callback import CheckpointCallback, checkpoint_dtype
from tms.training.devices import KEPT_STATES, shards
from tms.training.saving import check_saving
from tms.training.settings import Settings
from tms.training.states import States, writing
from tms.vision.families import FROZEN, TRAINED
from tms.vision.models import freeze_towers

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages

SAVED_BYTES = 12  # a parameter in a state to resume from: its weight and AdamW's two moments, in float32


class TrainerRun:
    """Trains a copy of a base model with a Trainer, from step 0 or from the last state that it saved.

    Sets the process's CPU threads and its seeds.

    Args:
        base: model folder of theta_0.
        save_steps: optimiser step -> point; the checkpoint is written to `work/checkpoint-{point}`.
        settings: of the run.
        work: the run's work folder.
        images: in the ids that are trained on; None: there are none.

    Attributes:
        processes: number of training processes, one a device.
        sharded: whether they share one model (FSDP) or have a copy each.
        checkpoints: the callback that saves checkpoints and states, to be handed to the Trainer.

    Raises:
        InputError: more devices than processes, a model that does not fit, one that could not be saved, or a
            disk without room.
    """

    def __init__(
        self,
        base: Path,
        save_steps: dict[int, str],
        settings: Settings,
        work: Path,
        images: PromptImages | None = None,
    ):
        self.base, self.settings, self.images = base, settings, images
        if settings.threads:
            torch.set_num_threads(settings.threads)
        work_time = WorkTime(0 if torch.cuda.is_available() else torch.get_num_threads())
        set_seed(settings.seed)
        # Of loading and saving; training's own is `CheckpointCallback.progress`.
        logging.disable_progress_bar()
        self.processes = int(os.environ.get("WORLD_SIZE", "1"))
        if self.processes > 1:  # a launcher that is killed leaves none behind: they save a state and end
            parent.signal_at_its_end(signal.SIGTERM)
        if self.processes == 1 and torch.cuda.device_count() > 1:
            raise InputError(
                f"{torch.cuda.device_count()} GPUs are visible to one process; start with `accelerate "
                f"launch`, or make one visible with CUDA_VISIBLE_DEVICES"
            )
        if settings.vision == TRAINED and self.processes > 1:  # those without an image have no gradient of it
            raise InputError(
                f"--vision {TRAINED}: on one device alone, and this run has {self.processes}; set "
                f"training.vision: {FROZEN}"
            )
        check_saving(base)
        parameters = sharding.count_parameters(base)
        if settings.lora:
            from tms.training import lora  # with peft

            trained = lora.count_parameters(base, sharding.meta_model(base), settings.lora)
        else:
            trained = parameters
        self.sharded = shards(
            settings.fsdp, parameters, self.processes, sharding.card_bytes(), settings.lora is not None
        )
        # A state of one kind cannot be resumed by the other.
        self.states = States(work / ("sharded-states" if self.sharded else "states"))
        self._check_room(trained, save_steps, work)
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(settings.log_dir)
        self.checkpoints = CheckpointCallback(base, save_steps, settings, work, self.states)
        self.checkpoints.work_time = work_time

    def _check_room(self, trained: int, save_steps: dict[int, str], work: Path) -> None:
        dtype = checkpoint_dtype(self.base, self.settings.checkpoint_dtype)
        missing = [point for point in save_steps.values() if not (work / f"checkpoint-{point}").exists()]
        states = max(KEPT_STATES - len(self.states.all()), 0)
        needed = trained * (dtype.itemsize * len(missing) + self.state_bytes * states)
        disk.check_room(work, needed, f"{len(missing)} checkpoints and {states} states to resume from")

    def _begin_from(self) -> Path | None:
        """The state from which all processes go on, chosen by the first one; None: from the start."""
        chosen, saved = [None], self.checkpoints.save_steps
        if os.environ.get("RANK", "0") == "0":
            chosen = [self.states.latest(partial(fault_of_saved, saved, self.checkpoints.work))]
            if not chosen[0]:
                for stale in self.settings.log_dir.glob("events.out.tfevents.*"):  # of a run before this one
                    stale.unlink()
        if torch.distributed.is_initialized():
            torch.distributed.broadcast_object_list(chosen)
        state, record = chosen[0] or (None, {"seconds": 0.0})
        self.checkpoints.work_time.add(record["seconds"])
        return state

    @property
    def state_bytes(self) -> int:
        """Bytes of a trained parameter in a state to resume from."""
        return SAVED_BYTES

    @property
    def bf16(self) -> bool:
        """Whether passes compute in bfloat16."""
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported()

    @property
    def arguments(self) -> dict:
        """Arguments of `TrainingArguments` that all runs share."""
        settings, on_gpu = self.settings, torch.cuda.is_available()
        recompute = settings.gradient_checkpointing == "on"
        return {
            "output_dir": str(self.states.unfinished),
            "num_train_epochs": 1,  # the rows hold every epoch
            "learning_rate": settings.learning_rate,
            "adam_beta1": settings.adam_beta1,
            "adam_beta2": settings.adam_beta2,
            "weight_decay": settings.weight_decay,
            "max_grad_norm": settings.max_grad_norm,
            "bf16": self.bf16,
            "use_cpu": not on_gpu,
            "gradient_checkpointing": recompute and not self.sharded,
            "fsdp": self.sharded,
            "fsdp_config": sharding.fsdp_config(recompute) if self.sharded else None,
            "accelerator_config": sharding.accelerator_config(self.sharded),
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

    def load_model(self) -> PreTrainedModel:
        """The base in float32; after `TrainingArguments` are made, which start the processes that read it.

        One that adapters keep as it is has the precision in which a GPU computes: half the memory.
        """
        sharding.begin(self.sharded)
        dtype = torch.bfloat16 if self.settings.lora and self.bf16 else torch.float32
        model = load_model(self.base, dtype, self.settings.attention, self.images)
        freeze_towers(model, self.settings.vision)
        return model

    def attach(self, model: PreTrainedModel):
        """The model that is trained: the base itself, or with adapters in float32."""
        if not self.settings.lora:
            return model
        from tms.training import lora

        return lora.attach(model, self.settings.lora, self.settings.seed)

    def fit(self, trainer: Trainer) -> float | None:
        """Train to the end, or until SIGTERM or SIGINT, which save a state after the current step.

        Args:
            trainer: with `checkpoints` among its callbacks.

        Returns:
            Training seconds, those of earlier parts of the run included; None where a signal stopped it.

        Raises:
            InputError: another process that trains in the same work folder, no memory left, a disk that
                cannot be written, or a loss that is not finite.
        """
        if os.environ.get("RANK", "0") != "0":
            return self._fit(trainer)
        work = self.checkpoints.work
        # A launcher's lock (`job.py`) ends with it, and its processes only then save a state.
        with made_by.holding(work / "lock.json", work, made_by.PATIENCE):
            return self._fit(trainer)

    def _fit(self, trainer: Trainer) -> float | None:
        state = self._begin_from()
        trainer.remove_callback(PrinterCallback)
        self.checkpoints.trainer = trainer
        if self.sharded and trainer.args.bf16:
            sharding.sum_gradients_in_float32(trainer.accelerator)
        save_state = trainer._save_checkpoint

        def save_or_say_why(*given) -> None:
            with writing(self.states.folder, self.states.unfinished):
                save_state(*given)

        trainer._save_checkpoint = save_or_say_why
        hook, of_reporters = threading.excepthook, []
        # TensorBoard's thread: what it meets is raised again where training reports the next step.
        threading.excepthook = lambda met: (
            of_reporters.append(met.exc_value) if isinstance(met.exc_value, OSError) else hook(met)
        )
        stop = self.checkpoints.stop
        previous = {kind: signal.signal(kind, stop) for kind in (signal.SIGTERM, signal.SIGINT)}
        try:
            trainer.train(resume_from_checkpoint=state and str(state))
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"out of GPU memory with {self.settings.device_batch} rows at once; lower "
                f"training.device_batch or set training.gradient_checkpointing: true (memory only: the run "
                f"goes on where it stopped)"
            ) from error
        except OSError as error:  # of a reporter: states and checkpoints have lines of their own
            raise InputError(
                f"{self._reason(error)}; mend that, and run the same command again (training goes on from "
                f"the last whole state)"
            ) from error
        finally:
            threading.excepthook = hook
            for kind, handler in previous.items():
                signal.signal(kind, handler)
        for error in of_reporters:
            print(f"warning: {self._reason(error)}; the run's curves lack their end", file=sys.stderr)
        if torch.distributed.is_initialized():  # its threads would now and then abort a process that ends
            torch.distributed.destroy_process_group()
        ended = trainer.state.global_step == max(self.checkpoints.save_steps)
        return self.checkpoints.work_time.seconds if ended else None

    def _reason(self, error: OSError) -> str:
        """What could not be written, and why."""
        place = os.fsdecode(error.filename) if error.filename else self.settings.log_dir
        return f"{place}: {error.strerror or error}"


def fault_of_saved(save_steps: dict[int, str], work: Path, step: int) -> str | None:
    """Why a run that goes on from a step would end without a whole checkpoint of an earlier one.

    Args:
        save_steps, work: as `TrainerRun` takes them.
        step: from which it would go on.
    """
    try:
        for saved, point in save_steps.items():
            if saved <= step:
                open_weights(work / f"checkpoint-{point}")
    except InputError as error:
        return f"a checkpoint before it is missing or damaged ({str(error).partition(';')[0]})"
    return None
