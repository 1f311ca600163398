"""Part: steps of the project's own SFT on random weights, with their time and peak memory."""

import json

STEPS = 3  # the first makes the optimiser's moments; the others are timed
MICRO_BATCHES = 2  # gradients add up over them, as in a real step


def measure(settings: dict) -> dict:
    """Train for `STEPS` steps on rows of random tokens, through `tms.training.sft_trainer`.

    Args:
        settings: as `tms.gpu_check.steps.ShortRun` takes them, and `tokens` of a row.

    Returns:
        As `ShortRun.found`.
    """
    import torch

    from tms.gpu_check.steps import NEVER, ShortRun
    from tms.training import sft_trainer
    from tms.training.examples import IGNORED, TrainingExample
    from tms.training.settings import Settings

    run = ShortRun(settings)
    rows, tokens = settings["device_batch"] * run.processes * MICRO_BATCHES, settings["tokens"]
    vocabulary = json.loads((run.folder / "config.json").read_text())["vocab_size"]
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, vocabulary, (STEPS * rows, tokens), generator=draw).tolist()
    prompt = tokens // 10
    targets = [TrainingExample(row, [IGNORED] * prompt + row[prompt:]) for row in ids]
    chosen = Settings(**run.words, effective_batch=rows)
    sft_trainer.train(run.folder, targets, {NEVER: "1of1"}, chosen, run.folder / "work")
    return run.found(rows * tokens)
