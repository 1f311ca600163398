"""A program of two processes that train in bfloat16 with a KL to the base: prints how far the logits of the
model are from the base's in each micro-batch, and their precision."""

import json
import os
import sys
from pathlib import Path

import torch

from tms.training import sft_trainer
from tms.training.examples import TrainingExample
from tms.training.losses import kl
from tms.training.settings import Settings
from tms.training.trainer_run import TrainerRun


class HalfRun(TrainerRun):
    """A run in bfloat16, as on a GPU."""

    @property
    def arguments(self):
        return super().arguments | {"bf16": True}


def main(base: str, folder: str, fsdp: str) -> None:
    """Train for two steps of two micro-batches a process."""
    torch.set_num_threads(1)
    sft_trainer.TrainerRun = HalfRun
    distances, precisions = [], set()

    def loss(logits_NV, targets_N, base_NV):
        distances.append((logits_NV.detach() - base_NV).abs().max().item())
        precisions.update(map(str, (logits_NV.dtype, base_NV.dtype)))
        return kl.summed(logits_NV, targets_N, base_NV, 1.0)

    numbers = {"learning_rate": 1e-3, "effective_batch": 4, "device_batch": 1, "warmup": 0.0, "seed": 0}
    ways = {"threads": 1, "gradient_checkpointing": "on", "fsdp": fsdp, "report_to": "none"}
    settings = Settings(**numbers, **ways, save_every_seconds=1e9, log_dir=Path(folder) / "log")
    targets = [TrainingExample([5, 6, 7 + i], [-100, 6, 7 + i]) for i in range(8)]
    sft_trainer.train(Path(base), targets, {2: "1of1"}, settings, Path(folder) / "work", loss, True)
    if os.environ["RANK"] == "0":
        print(json.dumps({"distances": distances, "precisions": sorted(precisions)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
