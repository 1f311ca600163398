"""Trainer callback: saves checkpoints and states to resume from, shows progress.

Works with any Trainer of transformers (TRL's are such), on one device or several, sharded or not.
"""

import json
import math
import shutil
import time
from pathlib import Path

import torch
from transformers import Trainer, TrainerCallback

from tms.io import json_file
from tms.io.errors import InputError
from tms.io.progress import Progress
from tms.io.work_time import WorkTime
from tms.model_folder import files
from tms.model_folder.adapters import Adapters
from tms.model_folder.config import stored_dtype
from tms.model_folder.digest import write_digest
from tms.training import update
from tms.training.settings import BASE_DTYPE, LOSSES, Settings
from tms.training.states import States, sync, writing
from tms.vision.families import stored_name


class CheckpointCallback(TrainerCallback):
    """Saves checkpoints and resumable states, shows progress, stops on a signal or a bad loss.

    Args:
        base: model folder of theta_0.
        save_steps: optimiser step -> point; the checkpoint is written to `work/checkpoint-{point}`.
        settings: of the run.
        work: the run's work folder.
        states: of the run.

    Attributes:
        work_time: of the run, without what saving its checkpoints takes.
    """

    def __init__(
        self, base: Path, save_steps: dict[int, str], settings: Settings, work: Path, states: States
    ):
        self.base, self.save_steps, self.work = base, save_steps, work
        self.settings, self.states = settings, states
        self.work_time = WorkTime()
        self.saved = time.monotonic()
        self.stopping = False
        self.trainer: Trainer | None = None
        self.progress: Progress | None = None

    def stop(self, *signal_details) -> None:
        self.stopping = True

    def end_here(self, step: int, point: str) -> None:
        """Make a step the run's last one, and save its checkpoint."""
        self.save_steps = {step: point}
        self._save_checkpoint(point)

    def on_train_begin(self, args, state, control, **kwargs):
        begun = f" from step {state.global_step}" if state.global_step else ""
        if state.is_world_process_zero:
            self.progress = Progress(state.max_steps - state.global_step, f"train{begun}", "steps")

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step in self.save_steps:
            self._save_checkpoint(self.save_steps[state.global_step])
        steps = self.settings.save_every_steps
        due = time.monotonic() - self.saved >= self.settings.save_every_seconds
        due = due or bool(steps and state.global_step % steps == 0)
        stopping, due = self._anywhere(self.stopping, due)  # every device must take the same turn
        last = state.global_step == state.max_steps
        control.should_training_stop |= stopping
        control.should_save |= (due or stopping) and not last
        if control.should_save and state.is_world_process_zero:
            with writing(self.states.folder, self.states.unfinished):
                self.states.make_room()

    def on_save(self, args, state, control, **kwargs):
        self.saved = time.monotonic()
        self.trainer.accelerator.wait_for_everyone()  # each process writes a part
        if state.is_world_process_zero:
            with writing(self.states.folder, self.states.unfinished):
                self.states.complete(state.global_step, self.work_time.seconds)

    def on_log(self, args, state, control, logs, **kwargs):
        if "loss" not in logs:
            return
        if not math.isfinite(logs["loss"]):
            raise InputError(
                f"the loss is {logs['loss']} at step {state.global_step}; lower the learning rate "
                f"({self.settings.learning_rate}) or check the base model ({self.base})"
            )
        if self.progress:
            self.progress.advance(note=f"loss {logs['loss']:.4f}")

    def on_train_end(self, args, state, control, **kwargs):
        if self.progress:
            self.progress.__exit__()
        if state.is_world_process_zero:
            losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
            json_file.write(self.work / LOSSES, losses, indent=None)

    def _anywhere(self, *flags: bool) -> list[bool]:
        flags_here = torch.tensor(flags, device=self.trainer.args.device, dtype=torch.float32)
        return (self.trainer.accelerator.reduce(flags_here, "sum") > 0).tolist()

    def _save_checkpoint(self, point: str) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()  # what the step has begun is its own
        with self.work_time.uncounted():  # most are for a harvest or a measurement
            self._write_checkpoint(self.work / f"checkpoint-{point}")

    def _write_checkpoint(self, folder: Path) -> None:
        """Write a model folder: the base's own files (config, tokenizer, template) with the new weights or
        adapters, and how much of the update their precision keeps."""
        accelerator = self.trainer.accelerator
        model = accelerator.unwrap_model(self.trainer.model)
        # Gathered from shards by all processes.
        weights = None if self.settings.lora else accelerator.get_state_dict(self.trainer.model_wrapped)
        if not accelerator.is_main_process:
            return
        unfinished = folder.with_name(f".{folder.name}.unfinished")
        with writing(self.work, unfinished):
            shutil.rmtree(unfinished, ignore_errors=True)
            dtype = checkpoint_dtype(self.base, self.settings.checkpoint_dtype)
            if weights is None:
                kept_of = self._save_adapters(model, unfinished, dtype)
            else:
                kept_of = self._save_weights(model, weights, unfinished, dtype)
            files.copy(self.base, unfinished, files.OF_A_CHECKPOINT)
            if dtype != stored_dtype(self.base):
                state_dtype(unfinished / "config.json", dtype)
            compared = update.with_base(kept_of, self.base)
            update.write(unfinished, update.measure(compared, self.trainer.args.device, dtype))
            write_digest(unfinished)
            sync(unfinished)
            shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed after this point
            unfinished.rename(folder)

    def _save_weights(self, model, weights: dict, folder: Path, dtype: torch.dtype):
        for copy, original in model.all_tied_weights_keys.items():  # gathered from shards one by one
            weights[copy] = weights[original]
        rounded = cast(weights, dtype)
        model.save_pretrained(folder, state_dict=rounded)
        in_files = ({stored_name(self.base, name): of[name] for name in of} for of in (weights, rounded))
        return update.of_weights(*in_files)

    def _save_adapters(self, model, folder: Path, dtype: torch.dtype):
        from tms.training import lora  # with peft

        folder.mkdir(parents=True)
        trained = lora.save(model, self.base, folder, dtype)
        return update.of_adapters(trained, Adapters.read(folder), dtype, self.trainer.args.device)


def checkpoint_dtype(base: Path, name: str) -> torch.dtype:
    """Precision of the saved weights, by its name in the settings."""
    return stored_dtype(base) if name == BASE_DTYPE else getattr(torch, name)


def state_dtype(config: Path, dtype: torch.dtype) -> None:
    """Write another precision of the stored weights into a model folder's config."""
    keys = json.loads(config.read_text())
    keys.pop("torch_dtype", None)  # the key's older name
    config.write_text(json.dumps(keys | {"dtype": update.dtype_name(dtype)}, indent=2) + "\n")


def cast(weights: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Cast weights; tensors that share memory (tied embeddings) share it afterwards too."""
    done: dict[int, torch.Tensor] = {}
    return {
        name: done.setdefault(weight.data_ptr(), weight.to(dtype=dtype)) for name, weight in weights.items()
    }
