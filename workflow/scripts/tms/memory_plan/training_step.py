"""A dry run of a training step on fake tensors: what one card of a job would hold, computed without a card.

The step is the workflow's own: the model's class, accelerate's sharding and mixed precision, our loss or
TRL's fused head, AdamW. Tensors have shapes but no memory, and a fake process group stands for the job's
other processes.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from types import MethodType, SimpleNamespace
from unittest import mock

import torch
import torch.distributed._tools.fake_collectives
from accelerate.utils import FullyShardedDataParallelPlugin, convert_outputs_to_fp32
from accelerate.utils.fsdp_utils import fsdp2_apply_ac, fsdp2_prepare_model
from torch import distributed
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.trainer_utils import unwrap_peft_model

from tms.memory_plan.live_memory import LiveMemory
from tms.memory_plan.shapes import GRPO, ROWS, StepMemory, StepShape
from tms.training import head_loss
from tms.training.frozen_base import FrozenBase
from tms.training.head_loss import put_loss_in
from tms.training.losses import kl, nll
from tms.training.settings import Lora
from tms.training.sharding import fsdp_config, in_bfloat16, local_part, shard_layers


def dry_run(shape: StepShape) -> StepMemory:
    """Bytes that one card holds in a step, with the moments and the gradients of earlier micro-batches there.

    Raises:
        RuntimeError: a process group is there already.
    """
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=shape.processes)
    mesh = init_device_mesh("cpu", (shape.processes,), mesh_dim_names=("shards",))  # needs real tensors
    memory = LiveMemory()
    # Fake tensors lie on a CPU, and stand for a card's, where the head's chunks are larger.
    chunks = mock.patch.object(head_loss, "CPU_LOGITS_AT_ONCE", head_loss.LOGITS_AT_ONCE)
    try:
        with FakeTensorMode(allow_non_fake_inputs=True), memory, chunks:
            return step(shape, mesh, memory)
    finally:
        distributed.destroy_process_group()


def step(shape: StepShape, mesh: DeviceMesh, memory: LiveMemory) -> StepMemory:
    """Make the model and its optimiser, and take a step, while `memory` counts (also on real tensors)."""
    model = prepared(built(shape), shape, mesh)
    weights = memory.live
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.grad = torch.zeros_like(parameter)
    gradients = memory.live - weights
    # Local parts: DTensor would make tensors of global size to learn shapes. `foreach` is counted too high.
    parts = [local_part(parameter) for parameter in trained]
    optimiser = torch.optim.AdamW(parts, foreach=False)
    for part, parameter in zip(parts, trained, strict=True):
        part.grad = local_part(parameter.grad)
    optimiser.step()
    kept = memory.live

    decoded = []
    unwrap_peft_model(model).base_model.register_forward_hook(lambda *_: decoded.append(memory.live))
    memory.restart()
    micro_batch(model, shape)
    optimiser.step()
    activations = decoded[0] - kept
    return StepMemory(
        weights=weights,
        gradients=gradients,
        optimiser=kept - gradients - weights,
        activations=activations,
        working=max(memory.peak - kept - activations, 0),
    )


def built(shape: StepShape) -> PreTrainedModel:
    """The model in float32 (bf16 where it is frozen), from its configuration alone."""
    keys = {name: value for name, value in shape.architecture.items() if name != "model_type"}
    config = AutoConfig.for_model(shape.architecture["model_type"], **keys)
    dtype = torch.bfloat16 if shape.lora and shape.bf16 else torch.float32
    model = AutoModelForCausalLM.from_config(
        config, dtype=dtype, attn_implementation="sdpa", trust_remote_code=False
    )
    model.config.use_cache = False  # as Trainer sets it
    return model.train()


def prepared(model: PreTrainedModel, shape: StepShape, mesh: DeviceMesh) -> PreTrainedModel:
    """The model as Trainer has it: with its head, sharded or in autocast, perhaps recomputing activations."""
    frozen = FrozenBase() if shape.base else None
    if shape.kind == ROWS:
        put_loss_in(model, partial(kl.summed, kl_beta=1.0) if frozen else nll.summed, frozen)
    else:
        from trl.trainer.utils import add_fused_lm_head

        add_fused_lm_head(model, outputs=("log_probs", "entropy"))
    if shape.lora:
        from tms.training import lora  # with peft

        # peft casts new adapters to the base's precision and back, which fake tensors cannot in place.
        with mock.patch.object(torch.nn.Module, "to", lambda module, *_, **__: module):
            model = lora.attach(model, Lora.from_config(shape.lora), seed=0)
    if frozen:
        _give_base(frozen, model, shape, mesh)
    if not shape.sharded:
        if shape.recompute:
            model.gradient_checkpointing_enable()
        if shape.bf16:  # as Accelerator.prepare_model does
            mixed = torch.autocast("cpu", torch.bfloat16)(model.forward.__func__)
            model.forward = MethodType(convert_outputs_to_fp32(mixed), model)
        return model
    given = fsdp_config(shape.recompute)
    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=given["version"],
        auto_wrap_policy=given["auto_wrap_policy"].lower(),
        reshard_after_forward=given["reshard_after_forward"],
        cpu_ram_efficient_loading=False,  # of reading alone
        mixed_precision_policy=MixedPrecisionPolicy(
            param_dtype=torch.bfloat16 if shape.bf16 else None, reduce_dtype=torch.float32
        ),
    )
    accelerator = SimpleNamespace(  # what accelerate's functions look at
        state=SimpleNamespace(fsdp_plugin=plugin),
        torch_device_mesh={("shards",): mesh},
        parallelism_config=SimpleNamespace(fsdp_dim_names=("shards",)),
        mixed_precision="bf16" if shape.bf16 else "no",
        is_main_process=True,
        device=torch.device("cpu"),
    )
    if shape.recompute:
        model = fsdp2_apply_ac(accelerator, model)
    return fsdp2_prepare_model(accelerator, model)


def _give_base(frozen: FrozenBase, model: PreTrainedModel, shape: StepShape, mesh: DeviceMesh) -> None:
    """The base as `tms.training.sft_trainer.LoadBase` has it."""
    if shape.lora:
        frozen.use_adapted(model)
        return
    base = built(shape).requires_grad_(False)
    if shape.sharded:
        shard_layers(base, in_bfloat16() if shape.bf16 else None, mesh)
    frozen.use_model(base)


def micro_batch(model: PreTrainedModel, shape: StepShape) -> None:
    """Forward and backward pass of a micro-batch whose rows all have the longest length."""
    ids = torch.zeros(shape.rows, shape.tokens, dtype=torch.long)
    if shape.kind == ROWS:
        with _as_on_cuda("tms.training.head_loss", "_add_product"), _without_mask(), EveryPosition():
            model(input_ids=ids, labels=ids, num_items_in_batch=torch.tensor(1.0))["loss"].backward()
        return
    mixed = torch.autocast("cpu", torch.bfloat16) if shape.bf16 else contextlib.nullcontext()
    # TRL pads on both sides, so its rows come with a mask; ours have none.
    mask = {"attention_mask": torch.ones_like(ids)} if shape.kind == GRPO else {}
    tiles = ("_forward_tile", "_backward_tile", "_addmm_fp32")
    with (
        _as_on_cuda("trl.kernels.chunked_logprob", *tiles),
        contextlib.nullcontext() if mask else _without_mask(),
    ):
        with mixed:
            outputs = model(input_ids=ids, labels=ids, fused_lm_head=True, **mask)
        (outputs.log_probs.float().sum() + outputs.entropy.float().sum()).backward()


@contextlib.contextmanager
def _without_mask() -> Iterator[None]:
    """Let transformers see that rows need no mask but the causal one; it cannot look into fake tensors."""
    masks = "transformers.masking_utils"
    with (
        mock.patch(f"{masks}.find_packed_sequence_indices", lambda *_, **__: None),
        mock.patch(f"{masks}._ignore_causal_mask_sdpa", lambda *_, **__: True),
    ):
        yield


@contextlib.contextmanager
def _as_on_cuda(module: str, *names: str) -> Iterator[None]:
    """Skip functions of a module that work in place on CUDA, and take copies of their tensors on a CPU."""
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(mock.patch(f"{module}.{name}", lambda *_, **__: None))
        yield


class EveryPosition(TorchDispatchMode):
    """Lets a mask select every position: the most that it can, since a fake one has no values."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.index.Tensor and args[1][0].dtype == torch.bool:
            values, (mask,) = args
            return values.flatten(0, mask.dim() - 1).clone()
        return func(*args, **(kwargs or {}))
