"""LoRA adapters of a model in training, made by peft and saved in its format."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import PreTrainedModel

from tms.io.errors import InputError
from tms.model_folder.adapter_config import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from tms.model_folder.adapters import PREFIX, Adapters, check_targets, stored_weights
from tms.training.settings import ALL_LINEAR, Lora
from tms.vision.families import TOWERS, stored_name
from tms.vision.models import tower_of


def peft_config(lora: Lora, model: PreTrainedModel) -> LoraConfig:
    """peft's settings of adapters of a model; of one that reads images its decoder alone gets them."""
    targets = list(lora.targets)
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules=ALL_LINEAR if targets == [ALL_LINEAR] else targets,
        lora_dropout=lora.dropout,
        exclude_modules=f".*{TOWERS}.*" if tower_of(model) else None,
        task_type="CAUSAL_LM",
    )


def attach(model: PreTrainedModel, lora: Lora, seed: int) -> PeftModel:
    """Freeze a model and put adapters into it, in float32: B is 0, and A drawn by the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return get_peft_model(model, peft_config(lora, model))


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
    stored = stored_weights(base)
    modules = [name.partition(".lora_A.")[0] for name, _ in adapted.named_parameters() if ".lora_A." in name]
    names = [stored_name(base, f"{module.removeprefix(PREFIX)}.weight") for module in modules]
    other = [name for name in names if name not in stored]
    if stored and other:  # its files are read by the names in them, e.g. for vLLM and exports
        raise InputError(
            f"training.lora: {base} stores {len(other)} of {len(modules)} weights under other names than "
            f"transformers gives them (no {other[0]}), so adapters cannot be merged there; leave lora out"
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


def like(model: PeftModel, base: PreTrainedModel) -> PeftModel:
    """Put adapters as a model has them into another base."""
    return get_peft_model(base, copy.deepcopy(model.peft_config["default"]))


@torch.no_grad()
def copy_adapters(source: PeftModel, target: PeftModel) -> None:
    """Copy the adapters of a model into those of another one, of which this process may have its shards."""
    trained = get_peft_model_state_dict(source, save_embedding_layers=False)
    for name, own in get_peft_model_state_dict(target, save_embedding_layers=False).items():
        if isinstance(own, DTensor):
            whole = trained[name].to(own.device, own.dtype)
            part = distribute_tensor(whole, own.device_mesh, own.placements, src_data_rank=None)
            own.to_local().copy_(part.to_local())
        else:
            own.copy_(trained[name])


class WithoutAdapters:
    """A model that leaves its adapters out of its forward passes."""

    def __init__(self, model: PeftModel):
        self.model = model

    def __call__(self, **inputs):
        with self.model.disable_adapter():
            return self.model(**inputs)


def merged_parameters(model: PeftModel) -> Iterator[tuple[str, torch.Tensor]]:
    """Names and values of a base's parameters with their adapters, one after the other.

    peft's own merging adds the adapters to the frozen weights in place and subtracts them again, which in
    bfloat16 does not always give back what was there.
    """
    base = model.get_base_model()
    for name, parameter in base.named_parameters():
        module, adapted, kind = name.rpartition(".base_layer.")
        if ".lora_" in name:
            continue
        if adapted and kind == "weight":
            delta = base.get_submodule(module).get_delta_weight("default")
            yield f"{module}.weight", (parameter.data.float() + delta).to(parameter.dtype)
        else:
            yield f"{module}.{kind}" if adapted else name, parameter.data
