"""The config of LoRA adapters in a model folder: where their base is, and their scale."""

from pathlib import Path

from tms.io import json_file
from tms.io.errors import InputError
from tms.model_folder.weights_record import mending

# Of LoRA adapters, by peft's names: where their base is, and their weights.
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def adapter_settings(folder: Path) -> dict:
    """The settings of a folder's adapters, which name their base and their scale.

    Raises:
        InputError: they cannot be read.
    """
    file = folder / ADAPTER_CONFIG
    what = "config of LoRA adapters"
    keys = {"r": int | float, "lora_alpha": int | float, "base_model_name_or_path": str}
    settings = json_file.read(file, what, mending(folder), keys)
    if not settings["r"] > 0 or not settings["lora_alpha"] or not settings["base_model_name_or_path"]:
        raise InputError(
            f"{file}: not a readable {what} (r, lora_alpha or base_model_name_or_path is empty); "
            f"{mending(folder)}"
        )
    return settings


def base_of(folder: Path) -> Path | None:
    """The base of a folder of adapters; None for whole weights.

    Raises:
        InputError: as `adapter_settings`.
    """
    if not (folder / ADAPTER_CONFIG).exists():
        return None
    return Path(adapter_settings(folder)["base_model_name_or_path"])
