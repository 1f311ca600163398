"""A program of two processes that train on rows with and without images: prints the losses of its steps."""

import json
import os
import sys
from pathlib import Path

import torch

from tms.generation.chat import ChatFormat
from tms.io import parquet
from tms.io.images import Images
from tms.training.examples import TrainingExample
from tms.training.settings import Settings
from tms.training.sft_trainer import train


def losses(base: Path, rows: Path, folder: Path, fsdp: str) -> list[float]:
    """Train for three steps, four rows each.

    Args:
        base: model folder.
        rows: prepared file with images.
        folder: to work in.
        fsdp: on or off.
    """
    chat = ChatFormat(base, images=Images([rows]))
    contexts = [row["context"] for row in parquet.read(rows, ["context"])]
    prompts = [chat.prompt_ids("What?", context) for context in contexts]
    targets = [TrainingExample([*ids, 30, 2], [-100] * len(ids) + [30, 2]) for ids in prompts]
    numbers = {"learning_rate": 1e-2, "effective_batch": 4, "device_batch": 1, "seed": 0, "threads": 1}
    ways = {"gradient_checkpointing": "on", "fsdp": fsdp, "report_to": "none", "log_dir": folder / "log"}
    work = folder / fsdp
    work.mkdir(exist_ok=True)
    train(base, targets * 3, {3: "1of1"}, Settings(**numbers, **ways), work, images=chat.images)
    return json.loads((work / "losses.json").read_text()) if os.environ.get("RANK", "0") == "0" else []


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = losses(*map(Path, sys.argv[1:4]), sys.argv[4])
    if found:
        print(json.dumps(found))
