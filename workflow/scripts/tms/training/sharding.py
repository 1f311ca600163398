"""Settings of Trainer, accelerate and PyTorch for training in several processes, sharded (FSDP2) or not."""

import os
from functools import cache
from pathlib import Path

import torch
from accelerate import DistributedType, PartialState
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel

from tms.model_folder.config import read_config
from tms.vision.models import model_of


def meta_model(base: Path) -> PreTrainedModel:
    """A model without memory, from a model folder's configuration alone."""
    with torch.device("meta"):
        return model_of(read_config(base))


def count_parameters(base: Path) -> int:
    """Parameters of a model folder, tied ones once."""
    return sum(parameter.numel() for parameter in meta_model(base).parameters())


def card_bytes() -> int | None:
    """Memory of a GPU in bytes; None on a CPU."""
    return torch.cuda.get_device_properties(0).total_memory if torch.cuda.is_available() else None


def fsdp_config(gradient_checkpointing: bool) -> dict:
    """`TrainingArguments.fsdp_config`: each decoder layer is a unit, gathered when it is used."""
    return {
        "version": 2,
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "reshard_after_forward": True,
        "activation_checkpointing": gradient_checkpointing,
        "state_dict_type": "SHARDED_STATE_DICT",  # each process writes and reads its own part of a state
        "cpu_ram_efficient_loading": True,
    }


def accelerator_config(sharded: bool) -> dict:
    """`TrainingArguments.accelerator_config`: shards are summed over processes after every micro-batch.

    Trainer would wait for a step's last one, and until then each process would hold the gradients of all
    parameters whole, in float32: 32 GB for 8B. Copies hold theirs anyway, and are summed once a step.
    """
    return {"gradient_accumulation_kwargs": {"sync_each_batch": True}} if sharded else {}


def begin(sharded: bool) -> None:
    """Prepare several processes, before the weights are read.

    For a sharded model the first process alone reads them and hands them out (transformers looks at the two
    variables): eight float32 copies of an 8B model would take 256 GB of the node's memory.

    The rest is for CPUs, so that tests run there what GPUs run. accelerate would copy the model without a
    word, though PyTorch can shard it; and Trainer loads states to "cpu:0", where PyTorch knows "cpu" alone.
    """
    if sharded:
        os.environ["ACCELERATE_USE_FSDP"] = os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] = "true"
    if torch.cuda.is_available():
        return
    if sharded:
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    _load_cpu_states()


def shard_frozen(model: PreTrainedModel, precision: MixedPrecisionPolicy | None = None) -> PreTrainedModel:
    """Shard a model that is not trained over the processes.

    Args:
        model: in the first process with the weights that all get their shards of.
        precision: of its passes; None: its own.
    """
    weights = model.state_dict() if PartialState().is_main_process else {}
    shard_layers(model, precision)
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)
    set_model_state_dict(model, weights, options=options)
    return model


def shard_layers(
    model: PreTrainedModel, precision: MixedPrecisionPolicy | None = None, mesh: DeviceMesh | None = None
) -> None:
    """Make each decoder layer a unit, gathered when it is used, and the rest another one.

    (TRL makes all of its reference model one unit: 16 GB for 8B in bfloat16.)
    """
    layers = [part for part in model.modules() if type(part).__name__ in model._no_split_modules]
    for part in (*layers, model):
        fully_shard(
            part, mesh=mesh, reshard_after_forward=True, mp_policy=precision or MixedPrecisionPolicy()
        )


@torch.no_grad()
def copy_shards(source: torch.nn.Module, target: torch.nn.Module) -> None:
    """Copy a process's shards of a model into those of another of the same architecture, in its precision."""
    for module in source.modules():
        if isinstance(module, FSDPModule):
            module.reshard()
    for copy, original in zip(target.parameters(), source.parameters(), strict=True):
        copy.to_local().copy_(original.to_local())


def local_part(tensor: torch.Tensor) -> torch.Tensor:
    """A process's part of a sharded tensor, or a whole one, without its graph; it shares the memory."""
    return (tensor.to_local() if isinstance(tensor, DTensor) else tensor).detach()


@cache
def _load_cpu_states() -> None:
    """Once a process: PyTorch sorts what is registered, and cannot compare two of one priority."""
    torch.serialization.register_package(
        100, lambda storage: None, lambda storage, place: storage if place.startswith("cpu:") else None
    )


def sum_gradients_in_float32(accelerator) -> None:
    """Compute in bfloat16, but sum gradients over processes in float32 (accelerate's choice is bfloat16)."""
    accelerator.state.fsdp_plugin.mixed_precision_policy = in_bfloat16()


def in_bfloat16() -> MixedPrecisionPolicy:
    """Passes of shards in bfloat16, whose gradients are summed in float32."""
    return MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
