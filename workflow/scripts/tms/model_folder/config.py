"""The config of a model folder, as transformers reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tms.io import machine
from tms.io.errors import InputError, first_line

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig


def read_config(folder: Path) -> PreTrainedConfig:
    """Read the config of a model folder of a kind that transformers has; Python files there are never run.

    Raises:
        InputError: the model is of another kind, or its config.json cannot be read.
    """
    from transformers import AutoConfig  # with torch

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # huggingface_hub's own, and whatever values of other types bring about
        raise InputError(
            machine.refused(error, folder / "config.json")
            or f"{folder}: transformers cannot read the config.json there, or has no model of its kind, and "
            f"code in the folder is never run ({first_line(error)}); use a model that transformers has"
        ) from error


def stored_dtype(folder: Path) -> torch.dtype:
    """Read the precision in which a model folder's config says that its weights are stored.

    Raises:
        InputError: as `read_config`.
    """
    import torch

    return read_config(folder).dtype or torch.float32
