"""Whether a base can be saved again as a checkpoint."""

from pathlib import Path

from tms.io.errors import InputError
from tms.model_folder import files
from tms.model_folder.adapter_config import base_of
from tms.model_folder.config import read_config


def check_saving(base: Path) -> None:
    """Refuse a base that transformers reads but would not write, so that the first checkpoint fails.

    Raises:
        InputError: its generation config contradicts itself, it holds adapters, or a link that leads out.
    """
    if other := base_of(base):
        raise InputError(
            f"{base}: it holds adapters of {other}, and training starts from whole weights; merge them (make "
            f"export), or start from {other}"
        )
    files.named(base, files.OF_A_CHECKPOINT)
    from transformers import GenerationConfig  # with torch

    file = base / "generation_config.json"
    try:
        if file.exists():
            GenerationConfig.from_pretrained(base).validate(strict=True)
        else:
            GenerationConfig.from_model_config(read_config(base)).validate(strict=True)
    except ValueError as error:
        why = " ".join(line.strip(" -") for line in str(error).splitlines() if "`" in line)[:300]
        where = file if file.exists() else base / "config.json"
        raise InputError(
            f"{where}: transformers reads its settings of generation, but would not save them beside a "
            f"checkpoint ({why}); correct them (no program here decodes by them)"
        ) from error
