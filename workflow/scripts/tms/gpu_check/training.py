"""Part: steps of the project's own training on random weights, with their time and peak memory."""

import json
import os
import resource
import time
from itertools import pairwise
from pathlib import Path

STEPS = 3  # the first makes the optimiser's moments; the others are timed
MICRO_BATCHES = 2  # gradients add up over them, as in a real step
NEVER = 10**9  # a step that no run reaches, so that no checkpoint is written


def measure(settings: dict) -> dict:
    """Train for `STEPS` steps on rows of random tokens, through `tms.training.sft_trainer`.

    Args:
        settings: `folder` with the model's `config.json`; `sharded`, whether the processes share one model;
            `device_batch`, `tokens` of a row, `recompute` (on or off).

    Returns:
        `seconds` of a step, `tokens` of a step over all processes, `peak_bytes` of this process (allocated
        on its card; on a CPU resident), `reserved_bytes` of its card, `start_seconds` before the first step.
    """
    import torch
    from transformers import TrainerCallback

    from tms.gpu_check import alone, random_model
    from tms.training import sft_trainer, sharding, trainer_run
    from tms.training.examples import IGNORED, TrainingExample

    folder = Path(settings["folder"])
    on_gpu = torch.cuda.is_available()
    if settings["sharded"]:  # one process can share a model with itself
        alone.join()
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    marks: list[float] = []

    class Times(TrainerCallback):
        def on_step_begin(self, args, state, control, **kwargs):
            self.mark()

        def on_train_end(self, args, state, control, **kwargs):
            self.mark()

        def mark(self):
            if on_gpu:
                torch.cuda.synchronize()
            marks.append(time.time())

    class RandomRun(trainer_run.TrainerRun):
        """A run whose weights are random instead of read."""

        def load_model(self):
            sharding.begin(self.sharded)
            filled = rank == 0 or not self.sharded
            return random_model.build(self.base, torch.float32, filled, self.settings.attention)

        def fit(self, trainer):
            trainer.add_callback(Times())
            return super().fit(trainer)

    # The workflow decides by its configured cards, of which this machine may have fewer.
    trainer_run.shards = lambda *_: settings["sharded"]
    sft_trainer.TrainerRun = RandomRun
    rows = settings["device_batch"] * processes * MICRO_BATCHES
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, vocabulary_of(folder), (STEPS * rows, settings["tokens"]), generator=draw).tolist()
    prompt = settings["tokens"] // 10
    targets = [TrainingExample(row, [IGNORED] * prompt + row[prompt:]) for row in ids]
    sft_trainer.train(folder, targets, {NEVER: "1of1"}, run_settings(settings, rows), folder / "work")
    steps = [end - start for start, end in pairwise(marks)]
    return {
        "seconds": min(steps[1:]),
        "tokens": rows * settings["tokens"],
        "peak_bytes": torch.cuda.max_memory_allocated() if on_gpu else resident_bytes(),
        "reserved_bytes": torch.cuda.max_memory_reserved() if on_gpu else 0,
        "start_seconds": marks[0] - settings["started"],
    }


def run_settings(settings: dict, rows: int):
    """Settings of the short run."""
    from tms.training.settings import Settings

    return Settings(
        learning_rate=1e-5,
        effective_batch=rows,
        device_batch=settings["device_batch"],
        warmup=0.0,
        adam_beta1=0.9,
        adam_beta2=0.95,
        weight_decay=0.0,
        max_grad_norm=1.0,
        seed=0,
        threads=1,
        gradient_checkpointing=settings["recompute"],
        fsdp="on" if settings["sharded"] else "off",
        attention="sdpa",
        save_every_seconds=1e9,
        save_every_steps=0,
        report_to="none",
        log_dir=Path(settings["folder"]),
    )


def vocabulary_of(folder: Path) -> int:
    """Number of tokens of a model folder."""
    return json.loads((folder / "config.json").read_text())["vocab_size"]


def resident_bytes() -> int:
    """The most main memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
