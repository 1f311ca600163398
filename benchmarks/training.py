"""Compare tms.training (transformers' Trainer) with a plain loop, by attention and micro-batch.

Trains a randomly initialised model of the miniature's size on random targets and prints processor seconds a
step, which other programs on the machine disturb less than wall time.

Usage, from the repository's root: python benchmarks/training.py [--steps 12] [--threads 1]
"""

import argparse
import math
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, Qwen2Config, Qwen2ForCausalLM

from tms.training.examples import IGNORED, TrainingExample
from tms.training.settings import Settings
from tms.training.sft_trainer import arrange, collate, train

BATCH = 64


def make_model(folder: Path) -> None:
    """Save a model of the miniature's size."""
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=373,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        tie_word_embeddings=True,
        max_position_embeddings=256,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)


def make_targets(steps: int) -> list[TrainingExample]:
    """Random rows of 18-28 prompt tokens and 20-60 completion tokens."""
    draw = random.Random(0)
    targets = []
    for _ in range(steps * BATCH):
        prompt, completion = draw.randint(18, 28), draw.randint(20, 60)
        ids = [draw.randrange(373) for _ in range(prompt + completion)]
        targets.append(TrainingExample(ids, [IGNORED] * prompt + ids[prompt:]))
    return targets


def with_trainer(
    base: Path, rows: list[TrainingExample], steps: int, device_batch: int, attention: str
) -> None:
    """Train through tms.training."""
    settings = Settings(
        learning_rate=1e-4,
        effective_batch=BATCH,
        device_batch=device_batch,
        seed=0,
        attention=attention,
        save_every_seconds=math.inf,
        report_to="none",
        log_dir=base,
    )
    with tempfile.TemporaryDirectory() as work:
        train(base, rows, {steps: "1of1"}, settings, Path(work))


def with_loop(base: Path, rows: list[TrainingExample], steps: int, device_batch: int, attention: str) -> None:
    """Train with the same optimiser in a plain loop, without reporting or resuming."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation=attention)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.0, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps))
    )
    rows = arrange(rows, BATCH)
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        tokens = sum(target.trained_tokens for target in batch)
        for start in range(0, BATCH, device_batch):
            inputs = collate(batch[start : start + device_batch])
            logits = model(input_ids=inputs["input_ids"], use_cache=False).logits[:, :-1]
            labels = inputs["labels"][:, 1:].flatten()
            loss = cross_entropy(logits.flatten(0, 1), labels, ignore_index=IGNORED, reduction="sum") / tokens
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=12, help="optimiser steps of each variant")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = make_targets(args.steps)
    print("| program | attention | micro-batch | processor seconds a step | wall seconds a step |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        make_model(Path(folder))
        with_loop(Path(folder), rows[:BATCH], 1, BATCH, "sdpa")  # warms up
        for device_batch in (64, 32, 16, 8):
            for attention in ("sdpa", "eager"):
                for name, program in (("Trainer", with_trainer), ("plain loop", with_loop)):
                    wall, processor = time.perf_counter(), time.process_time()
                    program(Path(folder), rows, args.steps, device_batch, attention)
                    processor, wall = time.process_time() - processor, time.perf_counter() - wall
                    print(
                        f"| {name} | {attention} | {device_batch} | {processor / args.steps:.3f} "
                        f"| {wall / args.steps:.3f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
