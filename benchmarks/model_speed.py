"""Tokens a processor second of a model on a CPU: trained, read and generated, by batch.

Rows are random tokens. Each measurement is made `--times` times, all of them in turn, and its median printed:
other programs on the machine disturb processor seconds less than wall time, but do disturb them.

Usage, from the repository's root: python benchmarks/model_speed.py --model FOLDER [--threads 1] [--times 3]
"""

import argparse
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tms.generation.engines.interface import Prompt
from tms.generation.engines.transformers_engine import TransformersEngine
from tms.generation.sampling import Sampling
from tms.training.examples import IGNORED, TrainingExample
from tms.training.settings import Settings
from tms.training.sft_trainer import train

PROMPT, ANSWER = 120, 28  # tokens
ROWS, STEPS = 8, 2  # of training


def trained(folder: Path, device_batch: int, threads: int, draw: random.Random) -> None:
    """Train two steps of eight rows; loading and saving are in it."""
    rows = []
    for _ in range(ROWS * STEPS):
        ids = [draw.randrange(100, 300) for _ in range(PROMPT + ANSWER)]
        rows.append(TrainingExample(ids, [IGNORED] * PROMPT + ids[PROMPT:]))
    with tempfile.TemporaryDirectory() as work:
        settings = Settings(
            learning_rate=1e-5,
            effective_batch=ROWS,
            device_batch=device_batch,
            seed=0,
            threads=threads,
            save_every_seconds=math.inf,
            report_to="none",
            log_dir=Path(work),
        )
        train(folder, rows, {STEPS: "1of1"}, settings, Path(work))


def generated(engine: TransformersEngine, batch: int, tokens: int, draw: random.Random) -> None:
    """Read prompts, and generate so many tokens after each."""
    prompts = [Prompt([draw.randrange(100, 300) for _ in range(PROMPT)], number) for number in range(batch)]
    engine.generate(prompts, Sampling(max_new_tokens=tokens), [], lambda rows: None)


def processor_seconds(program: Callable, *args) -> float:
    started = time.process_time()
    program(*args, random.Random(0))
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="model folder")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--times", type=int, default=3, help="measurements of each kind")
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 64, 128], help="of generation")
    parser.add_argument("--device-batches", type=int, nargs="*", default=[8, 2], help="of training")
    args = parser.parse_args()
    engine = TransformersEngine(threads=args.threads)
    engine.load(args.model, PROMPT + ANSWER)
    generated(engine, 2, 2, random.Random(0))  # warms up
    found: dict[tuple[str, int], list[float]] = {}

    def note(what: str, batch: int, tokens: int, seconds: float) -> None:
        found.setdefault((what, batch), []).append(tokens / seconds)

    for _ in range(args.times):
        for batch in args.batches:
            read = processor_seconds(generated, engine, batch, 1)
            both = processor_seconds(generated, engine, batch, 1 + ANSWER)
            note("read", batch, batch * PROMPT, read)
            note("generated, prompts not counted", batch, batch * ANSWER, both - read)
            note("generated, prompts counted", batch, batch * (1 + ANSWER), both)
        for device_batch in args.device_batches:
            seconds = processor_seconds(trained, args.model, device_batch, args.threads)
            note("trained, with loading and saving", device_batch, ROWS * STEPS * (PROMPT + ANSWER), seconds)
    print("| what | batch | tokens a processor second |")
    print("| --- | --- | --- |")
    for (what, batch), rates in sorted(found.items()):
        print(f"| {what} | {batch} | {statistics.median(rates):.0f} |")


if __name__ == "__main__":
    main()
