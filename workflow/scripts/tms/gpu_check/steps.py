"""Short training runs of the check: random weights, the time of each step, peak memory."""

import os
import resource
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

from tms.training.settings import Lora

NEVER = 10**9  # a step that no run reaches, so that no checkpoint is written


class ShortRun:
    """Makes `tms.training.trainer_run` run in this way, in this process.

    Args:
        settings: `folder` with the model's `config.json`; `sharded`, whether the processes share one model;
            `device_batch`, `recompute` (on or off), `lora` (as configured, or None);
            `started`, the second at which the part was started.

    Attributes:
        folder: of the model.
        processes: of the run.
    """

    def __init__(self, settings: dict):
        import torch
        from transformers import TrainerCallback

        from tms.gpu_check import alone
        from tms.training import sharding, trainer_run

        self.settings, self.folder = settings, Path(settings["folder"])
        self.on_gpu = torch.cuda.is_available()
        if settings["sharded"]:  # one process can share a model with itself
            alone.join()
        self.processes = int(os.environ.get("WORLD_SIZE", "1"))
        marks = self.marks = []

        class Times(TrainerCallback):
            def on_step_begin(self, args, state, control, **kwargs):
                self.mark()

            def on_train_end(self, args, state, control, **kwargs):
                self.mark()

            def mark(self):
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                marks.append(time.time())

        def load_model(run):
            sharding.begin(run.sharded)
            return self.weights(torch.bfloat16 if settings.get("lora") and run.bf16 else torch.float32)

        def timed(run, trainer):
            trainer.add_callback(Times())
            return fit(run, trainer)

        fit = trainer_run.TrainerRun.fit
        trainer_run.TrainerRun.load_model, trainer_run.TrainerRun.fit = load_model, timed
        # The workflow decides by its configured cards, of which this machine may have fewer.
        trainer_run.shards = lambda *_: settings["sharded"]

    def weights(self, dtype):
        """A model with random weights, in the first process alone where they are shared."""
        from tms.gpu_check import random_model

        filled = os.environ.get("RANK", "0") == "0" or not self.settings["sharded"]
        return random_model.build(self.folder, dtype, filled)

    @property
    def words(self) -> dict:
        """Words of `tms.training.settings.Settings` that every short run has."""
        return {
            "learning_rate": 1e-5,
            "device_batch": self.settings["device_batch"],
            "warmup": 0.0,
            "seed": 0,
            "threads": 1,
            "gradient_checkpointing": self.settings["recompute"],
            "fsdp": "on" if self.settings["sharded"] else "off",
            "save_every_seconds": float("inf"),
            "report_to": "none",
            "log_dir": self.folder,
            **self.adapters,
        }

    @property
    def adapters(self) -> dict:
        """Words of the adapters that are trained; none where all weights are."""
        if not (lora := self.settings.get("lora")):
            return {}
        return {f"lora_{name}": value for name, value in asdict(Lora.from_config(lora)).items()}

    def found(self, tokens: int) -> dict:
        """Result of a part's run.

        Args:
            tokens: of a step over all processes.

        Returns:
            `seconds` of the quickest step but the first, which makes the optimiser's moments; `tokens`;
            `peak_bytes` of this process (allocated on its card; on a CPU resident), `reserved_bytes` of its
            card, `start_seconds` before the first step.
        """
        import torch

        steps = [end - start for start, end in pairwise(self.marks)]
        return {
            "seconds": min(steps[1:]),
            "tokens": tokens,
            "peak_bytes": torch.cuda.max_memory_allocated() if self.on_gpu else resident_bytes(),
            "reserved_bytes": torch.cuda.max_memory_reserved() if self.on_gpu else 0,
            "start_seconds": self.marks[0] - self.settings["started"],
        }


def resident_bytes() -> int:
    """The most main memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
