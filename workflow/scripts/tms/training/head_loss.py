"""The training loss inside the model: its head is applied where tokens carry loss, one chunk after the other.

A vocabulary of 150,000 makes 0.6 MB of logits a token in float32. Outside the model they would be whole, and
accelerate would copy all of them to float32. TRL's `add_fused_lm_head` gives log-probabilities, needs TRL,
and computes every position where Triton cannot run; this serves all losses of `tms/training/losses`.

Names of tensors end in their shape: B rows, L tokens, N tokens with loss, H hidden size, V the vocabulary.
"""

from collections.abc import Callable
from types import MethodType

import torch
from torch.nn.functional import linear
from transformers import PreTrainedModel

from tms.io.errors import InputError
from tms.training.examples import IGNORED
from tms.training.frozen_base import FrozenBase

LOGITS_AT_ONCE = 2**27  # elements of a chunk: 0.5 GB in float32
CPU_LOGITS_AT_ONCE = 2**23  # hardly slower there (docs/results/bench.md), and 32 MB

# Keys of configurations whose models change the logits behind the head (Gemma, Cohere, Granite, Falcon-H1).
CHANGED_LOGITS = ("final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier")

# logits [N, V] and targets [N], of a loss that reads the base also its logits [N, V] -> scalar
SummedLoss = Callable[..., torch.Tensor]


def put_loss_in(model: PreTrainedModel, summed_loss: SummedLoss, base: FrozenBase | None = None) -> None:
    """Make the model return its loss: `model(input_ids=, labels=, num_items_in_batch=)["loss"]`, no logits.

    `input_ids` and `labels` are [B, L], unshifted, padded on the right. The loss is the micro-batch's share
    of the mean over the `num_items_in_batch` tokens with loss of a whole optimiser step, over all devices.

    Args:
        model: a causal language model; to be changed before it is wrapped (DDP, FSDP).
        summed_loss: of a module of `tms/training/losses`, with its settings.
        base: theta_0, for a loss that reads its logits.

    Raises:
        InputError: a model that changes the logits behind its head.
    """
    check_logits(model)

    def head_loss(head, hidden_NH, targets_N, tokens, of_base):
        return _HeadLoss.apply(hidden_NH, head.weight, head.bias, targets_N, tokens, summed_loss, of_base)

    def forward(model, input_ids, labels, num_items_in_batch, **empty):  # peft names more, all None
        targets_BL = labels[:, 1:]
        learned_BL = targets_BL != IGNORED
        of_base = base and base.hidden(input_ids, learned_BL)  # first: the model's activations come later
        hidden_BLH = model.base_model(input_ids=input_ids, use_cache=False).last_hidden_state[:, :-1]
        # Called as a module, for FSDP gathers its weight then; once, however many chunks there are.
        head = model.get_output_embeddings()
        loss = head(hidden_BLH[learned_BL], targets_BL[learned_BL], num_items_in_batch, of_base)
        if base:
            base.release()
        return {"loss": loss}

    head = model.get_output_embeddings()
    head.forward = MethodType(head_loss, head)
    model.forward = MethodType(forward, model)
    model.accepts_loss_kwargs = True  # so that Trainer hands it `num_items_in_batch`


def check_logits(model: PreTrainedModel) -> None:
    """Refuse a model that changes the logits behind its head.

    Raises:
        InputError: its config says so.
    """
    config = model.config.get_text_config()
    for key in CHANGED_LOGITS:
        if getattr(config, key, None) not in (None, 1, 1.0):
            raise InputError(
                f"{config.name_or_path}: its config.json has {key}, which the training loss does not apply; "
                f"take a model without it"
            )


class _HeadLoss(torch.autograd.Function):
    """Loss of hidden states through a linear head. The gradients come with the loss, chunk by chunk, so that
    no logits are kept or computed twice; the weight's are summed over chunks in float32 or better."""

    @staticmethod
    def forward(ctx, hidden_NH, weight_VH, bias_V, targets_N, tokens, summed_loss, of_base):
        device = hidden_NH.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight_VH.dtype
        exact = torch.promote_types(dtype, torch.float32)
        with torch.autocast(device, enabled=False):
            cast_VH = weight_VH.to(dtype)
            cast_V = None if bias_V is None else bias_V.to(dtype)
            total = torch.zeros((), dtype=torch.float32, device=hidden_NH.device)
            d_hidden_NH = torch.empty_like(hidden_NH)
            _, learned, learned_bias, *_ = ctx.needs_input_grad  # not where the head is frozen (LoRA)
            d_weight_VH = torch.zeros_like(weight_VH, dtype=exact) if learned else None
            d_bias_V = torch.zeros_like(bias_V, dtype=exact) if learned_bias else None
            of_base = of_base and of_base.to(dtype)
            at_once = min(LOGITS_AT_ONCE, CPU_LOGITS_AT_ONCE) if device == "cpu" else LOGITS_AT_ONCE
            rows = max(1, at_once // len(weight_VH))
            for first in range(0, len(targets_N), rows):
                chunk = slice(first, first + rows)
                hidden = hidden_NH[chunk].to(dtype)
                logits = linear(hidden, cast_VH, cast_V)
                beside = [linear(of_base.states[chunk], of_base.weight, of_base.bias)] if of_base else []
                with torch.enable_grad():
                    loss = summed_loss(logits.requires_grad_(), targets_N[chunk], *beside) / tokens
                (d_logits,) = torch.autograd.grad(loss, logits)
                total += loss.detach()
                d_hidden_NH[chunk] = d_logits @ cast_VH
                if d_weight_VH is not None:
                    _add_product(d_weight_VH, d_logits.T, hidden)
                if d_bias_V is not None:
                    d_bias_V += d_logits.sum(0, dtype=exact)
                del logits, beside, loss, d_logits  # before the next chunk's
        ctx.save_for_backward(d_hidden_NH, d_weight_VH, d_bias_V)
        ctx.dtype = weight_VH.dtype
        return total

    @staticmethod
    def backward(ctx, d_loss):
        d_hidden_NH, d_weight_VH, d_bias_V = ctx.saved_tensors
        return (
            d_hidden_NH.mul_(d_loss),
            None if d_weight_VH is None else d_weight_VH.mul_(d_loss).to(ctx.dtype),
            None if d_bias_V is None else d_bias_V.mul_(d_loss).to(ctx.dtype),
            *(None, None, None, None),
        )


def _add_product(total: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> None:
    """Add left @ right to a float32 sum, without rounding the product to half precision first.

    Products rounded chunk by chunk bias the training (`trl/kernels/chunked_logprob.py` of TRL 1.16).
    """
    if total.device.type == "cuda" and left.dtype in (torch.bfloat16, torch.float16):
        torch.addmm(total, left, right, out_dtype=torch.float32, out=total)
    else:
        total.addmm_(left.to(total.dtype), right.to(total.dtype))
