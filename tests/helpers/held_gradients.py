"""A program of two processes: bytes of whole gradients that sharded training in bfloat16 holds between two
micro-batches, with this project's settings (step 1) and without `sync_each_batch` (step 2)."""

import json
import os
import sys
from pathlib import Path

import torch
from torch.distributed.fsdp import FSDPModule
from transformers import TrainerCallback

from tms.training import sft_trainer
from tms.training.examples import TrainingExample
from tms.training.settings import Settings
from tms.training.trainer_run import TrainerRun


class Held(TrainerCallback):
    """Measures after each micro-batch but a step's last."""

    def __init__(self, trainer):
        self.trainer, self.bytes = trainer, {}

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == 1:
            self.trainer.accelerator.gradient_state.plugin_kwargs["sync_each_batch"] = False

    def on_substep_end(self, args, state, control, **kwargs):
        sharded = [part for part in self.trainer.model.modules() if isinstance(part, FSDPModule)]
        # Of modules that are one unit each names it.
        groups = {group for part in sharded for group in part._get_fsdp_state()._fsdp_param_groups}
        held = 0
        for parameter in (parameter for group in groups for parameter in group.fsdp_params):
            whole = parameter.unsharded_accumulated_grad
            if whole is None and hasattr(parameter, "_unsharded_param"):
                whole = parameter._unsharded_param.grad
            held += 0 if whole is None else whole.numel() * whole.element_size()
        self.bytes[state.global_step + 1] = held


class HalfRun(TrainerRun):
    """A run in bfloat16, as on a GPU."""

    @property
    def arguments(self):
        return super().arguments | {"bf16": True}

    def fit(self, trainer):
        self.held = Held(trainer)
        trainer.add_callback(self.held)
        result = super().fit(trainer)
        if os.environ["RANK"] == "0":
            parameters = sum(parameter.numel() for parameter in trainer.model.parameters())
            print(json.dumps({"parameters": parameters, "held": self.held.bytes}))
        return result


def main(base: str, folder: str) -> None:
    """Train for two steps of two micro-batches a process, and print what was held."""
    torch.set_num_threads(1)
    sft_trainer.TrainerRun = HalfRun
    numbers = {"learning_rate": 1e-3, "effective_batch": 4, "device_batch": 1, "warmup": 0.0, "seed": 0}
    adam = {"adam_beta1": 0.9, "adam_beta2": 0.95, "weight_decay": 0.0, "max_grad_norm": 1.0, "threads": 1}
    ways = {"gradient_checkpointing": "off", "fsdp": "on", "attention": "sdpa", "report_to": "none"}
    saving = {"save_every_seconds": 1e9, "save_every_steps": 0, "log_dir": Path(folder) / "log"}
    targets = [TrainingExample([5, 6, 7 + i], [-100, 6, 7 + i]) for i in range(8)]
    settings = Settings(**numbers, **adam, **ways, **saving)
    sft_trainer.train(Path(base), targets, {2: "1of1"}, settings, Path(folder) / "work")


if __name__ == "__main__":
    main(*sys.argv[1:])
