"""LoRA adapters of a model in training, made by peft and saved in its format."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import PreTrainedModel

from tms.io.errors import InputError
from tms.mixture.checkpoints import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from tms.model_folder.adapters import Adapters, check_targets
from tms.training.settings import ALL_LINEAR, Lora


def peft_config(lora: Lora) -> LoraConfig:
    """peft's settings of adapters."""
    targets = list(lora.targets)
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules=ALL_LINEAR if targets == [ALL_LINEAR] else targets,
        lora_dropout=lora.dropout,
        task_type="CAUSAL_LM",
    )


def attach(model: PreTrainedModel, lora: Lora, seed: int) -> PeftModel:
    """Freeze a model and put adapters into it, in float32: B is 0, and A drawn by the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return get_peft_model(model, peft_config(lora))


def count_parameters(base: Path, meta_model: PreTrainedModel, lora: Lora) -> int:
    """Parameters of the adapters of a model.

    Args:
        base: its folder.
        meta_model: without memory; it gets adapters.
        lora: their settings.

    Raises:
        InputError: targets that it lacks, or whose weights are stored in another way.
    """
    if lora.targets != (ALL_LINEAR,):
        check_targets(base, lora.targets)
    adapted = attach(meta_model, lora, seed=0)
    if adapted.peft_config["default"].fan_in_fan_out:
        raise InputError(
            f"training.lora: {base} stores its weights as [in, out] (Conv1D), into which adapters are not "
            f"merged here; leave lora out"
        )
    return sum(parameter.numel() for parameter in adapted.parameters() if parameter.requires_grad)


def save(model: PeftModel, base: Path, folder: Path, dtype: torch.dtype) -> Adapters:
    """Write a model's adapters into a folder, with where their base is: as the programs are told it, relative
    to the working directory, so that a project can be moved.

    Args:
        model: with adapters.
        base: its folder.
        folder: to write into.
        dtype: of the stored adapters.

    Returns:
        The adapters before they are rounded.
    """
    keys = model.peft_config["default"].to_dict()
    keys |= {"base_model_name_or_path": str(base), "inference_mode": True}
    text = json.dumps(keys, indent=2, sort_keys=True, default=sorted)  # sets: of target modules
    (folder / ADAPTER_CONFIG).write_text(text + "\n")
    trained = get_peft_model_state_dict(model, save_embedding_layers=False)
    stored = {name: weight.to("cpu", dtype).contiguous() for name, weight in sorted(trained.items())}
    save_file(stored, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    return Adapters.of(folder, trained)
