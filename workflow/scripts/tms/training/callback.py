"""What every training run keeps: checkpoints at its points, states to resume from, and its progress.

Works with any Trainer of transformers (TRL's are such), on one device or several, sharded or not.
"""

import math
import shutil
import signal
import time
from pathlib import Path

import torch
from transformers import AutoConfig, PrinterCallback, Trainer, TrainerCallback

from tms.io.errors import InputError
from tms.io.progress import Progress
from tms.io.work_folder import complete_state
from tms.mixture.checkpoints import write_digest
from tms.training import sharding
from tms.training.start import Settings, Start

WEIGHT_FILES = {".safetensors", ".bin", ".pt", ".pth", ".gguf"}
WEIGHT_RECORDS = {"model.safetensors.index.json", "pytorch_model.bin.index.json", "weights.json"}


def run(trainer: Trainer, keeper: "CheckpointCallback", start: Start) -> bool:
    """Train to the end, or until SIGTERM or SIGINT, which save a state after the current step.

    Args:
        trainer: with `keeper` among its callbacks.
        keeper: of this run.
        start: with the state to go on from.

    Returns:
        Whether the run has ended.

    Raises:
        InputError: no memory left, or a loss that is not finite.
    """
    trainer.remove_callback(PrinterCallback)
    keeper.trainer = trainer
    if start.sharded and trainer.args.bf16:
        sharding.sum_gradients_in_float32(trainer.accelerator)
    previous = {kind: signal.signal(kind, keeper.stop) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        trainer.train(resume_from_checkpoint=start.state and str(start.state))
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"out of GPU memory with {keeper.device_batch} rows at once; lower training.device_batch or "
            f"set training.gradient_checkpointing: true (memory only: the run goes on where it stopped)"
        ) from error
    finally:
        for kind, handler in previous.items():
            signal.signal(kind, handler)
    if torch.distributed.is_initialized():  # its threads would now and then abort a process that ends
        torch.distributed.destroy_process_group()
    return trainer.state.global_step == max(keeper.save_steps)


class CheckpointCallback(TrainerCallback):
    """Saves checkpoints and resumable states, shows progress, stops on a signal or a bad loss."""

    def __init__(self, base: Path, save_steps: dict[int, str], settings: Settings, work: Path, since: float):
        self.base, self.save_steps, self.work = base, save_steps, work
        self.device_batch, self.learning_rate = settings.device_batch, settings.learning_rate
        self.save_every_seconds = settings.save_every_seconds
        self.save_every_steps = settings.save_every_steps
        self.since = since  # monotonic second at which the run would have begun without a break
        self.saved = time.monotonic()
        self.stopping = False
        self.trainer: Trainer | None = None
        self.progress: Progress | None = None

    @property
    def seconds(self) -> float:
        """Training seconds so far, those of earlier parts of the run included."""
        return time.monotonic() - self.since

    def stop(self, *signal_details) -> None:
        self.stopping = True

    def end_here(self, step: int, point: str) -> None:
        """Make a step the run's last one, and save its checkpoint."""
        self.save_steps = {step: point}
        self._save_checkpoint(self.work / f"checkpoint-{point}")

    def on_train_begin(self, args, state, control, **kwargs):
        begun = f" from step {state.global_step}" if state.global_step else ""
        if state.is_world_process_zero:
            self.progress = Progress(state.max_steps - state.global_step, f"train{begun}", "steps")

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step in self.save_steps:
            self._save_checkpoint(self.work / f"checkpoint-{self.save_steps[state.global_step]}")
        steps = self.save_every_steps
        due = time.monotonic() - self.saved >= self.save_every_seconds
        due = due or bool(steps and state.global_step % steps == 0)
        stopping, due = self._anywhere(self.stopping, due)  # every device must take the same turn
        last = state.global_step == state.max_steps
        control.should_training_stop |= stopping
        control.should_save |= (due or stopping) and not last

    def on_save(self, args, state, control, **kwargs):
        self.saved = time.monotonic()
        self.trainer.accelerator.wait_for_everyone()  # each process writes a part
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            complete_state(folder, {"step": state.global_step, "seconds": self.seconds})

    def on_log(self, args, state, control, logs, **kwargs):
        if "loss" not in logs:
            return
        if not math.isfinite(logs["loss"]):
            raise InputError(
                f"the loss is {logs['loss']} at step {state.global_step}; lower the learning rate "
                f"({self.learning_rate}) or check the base model ({self.base})"
            )
        if self.progress:
            self.progress.advance(note=f"loss {logs['loss']:.4f}")

    def on_train_end(self, args, state, control, **kwargs):
        if self.progress:
            self.progress.__exit__()

    def _anywhere(self, *flags: bool) -> list[bool]:
        flags_here = torch.tensor(flags, device=self.trainer.args.device, dtype=torch.float32)
        return (self.trainer.accelerator.reduce(flags_here, "sum") > 0).tolist()

    def _save_checkpoint(self, folder: Path) -> None:
        """Write a model folder: the base's own files (config, tokenizer, template) with the new weights in
        the base's precision."""
        accelerator = self.trainer.accelerator
        weights = accelerator.get_state_dict(self.trainer.model_wrapped)
        if not accelerator.is_main_process:
            return
        model = accelerator.unwrap_model(self.trainer.model)
        for copy, original in model.all_tied_weights_keys.items():  # gathered from shards one by one
            weights[copy] = weights[original]
        unfinished = folder.with_name(f".{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        model.save_pretrained(unfinished, state_dict=cast(weights, stored_dtype(self.base)))
        for file in self.base.iterdir():
            if file.is_file() and file.suffix not in WEIGHT_FILES and file.name not in WEIGHT_RECORDS:
                shutil.copy(file, unfinished)
        write_digest(unfinished)
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed after this point
        unfinished.rename(folder)


def stored_dtype(base: Path) -> torch.dtype:
    """Precision in which a model folder's config says that its weights are stored."""
    return AutoConfig.from_pretrained(base).dtype or torch.float32


def cast(weights: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Cast weights; tensors that share memory (tied embeddings) share it afterwards too."""
    done: dict[int, torch.Tensor] = {}
    return {
        name: done.setdefault(weight.data_ptr(), weight.to(dtype=dtype)) for name, weight in weights.items()
    }
