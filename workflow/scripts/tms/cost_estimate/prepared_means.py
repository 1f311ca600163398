"""What prepared rows tell beside their texts: tokens of their images, and turns of their own answers."""

from collections.abc import Sequence
from pathlib import Path

from tms.io import parquet
from tms.io.conversation import read_context
from tms.tool_use.turns import read_turns

IMAGES = 32  # prompts whose images are looked at for a mean, or some more
ANSWERS = 500


def image_tokens(files: Sequence[Path], folder: str) -> float | None:
    """Mean tokens of a prompt's images; None where no file, or not the model, is there to tell.

    Args:
        files: prepared splits of a task, of which the first that is there tells.
        folder: of the model that reads the images.
    """
    path = next((file for file in files if file.exists()), None)
    if path is None:
        return None
    rows = parquet.read(path, ["context"])
    prompts = [read_context(row["context"]).images for row in rows[:: max(len(rows) // IMAGES, 1)]]
    if not any(prompts):
        return 0.0
    if not Path(folder, "config.json").exists():
        return None
    from tms.io.images import Images, open_image  # with Pillow and transformers
    from tms.vision.processor import ImageProcessor

    processor, stored = ImageProcessor(Path(folder)), Images([path])
    sizes = [open_image(stored.data(digest)).size for digests in prompts for digest in digests]
    return sum(processor.tokens(processor.grid(*size)) for size in sizes) / len(prompts)


def turns(files: Sequence[Path]) -> float | None:
    """Mean turns of the data's own answers that call tools; None where no file has such answers.

    Args:
        files: prepared splits of a task.
    """
    for path in files:
        if not path.exists():
            continue
        contexts = parquet.read(path, ["context"])[:ANSWERS]
        if not any(read_context(row["context"]).tools for row in contexts):
            continue
        if answers := [
            row["solution"] for row in parquet.read(path, ["solution"])[:ANSWERS] if row["solution"]
        ]:
            made = [turn["role"] == "assistant" for answer in answers for turn in read_turns(answer)]
            return sum(made) / len(answers)
    return None
