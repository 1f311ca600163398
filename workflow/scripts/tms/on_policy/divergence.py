"""Divergence between the policy and a teacher at tokens, over the whole vocabulary and without logits.

TRL's `ChunkedDivergenceFunction` (of its DistillationTrainer) takes hidden states and heads, and makes logits
of some tokens and a part of the vocabulary at a time, in the forward and in the backward pass.

Names of tensors end in their shape: B rollouts, L tokens, N sampled tokens, H hidden size, V the vocabulary.
"""

from functools import wraps
from types import MethodType
from typing import NamedTuple

import torch
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel
from trl.kernels.chunked_divergence import ChunkedDivergenceFunction

from tms.training.head_loss import check_logits


class Head(NamedTuple):
    """The linear layer from hidden states to logits."""

    weight_VH: torch.Tensor
    bias_V: torch.Tensor | None


class Target(NamedTuple):
    """A teacher's distributions at the sampled tokens of a micro-batch."""

    hidden_NH: torch.Tensor
    head: Head


def put_divergence_in(model: PreTrainedModel, beta: float, temperature: float) -> None:
    """Make a model read tokens as a teacher, or compare itself with one, where it is asked to.

    `model(input_ids=, sampled_BL=)` gives `hidden_NH`, the hidden states that predict the sampled tokens;
    with `target=` (a `Target`) `divergence_N` and `entropy_N`, the divergence from it and the model's own
    entropy there, in nats. Any other call is the model's own.

    Args:
        model: a causal language model; of one with adapters, what is inside them.
        beta: 0 is KL(teacher || policy), 1 is KL(policy || teacher), between them the generalised
            Jensen-Shannon divergence of GKD (arXiv 2306.13649).
        temperature: of the sampling; both distributions take it.

    Raises:
        InputError: a model that changes the logits behind its head.
    """
    check_logits(model)
    original = model.forward

    @wraps(type(model).forward)  # `generate` looks at the signature
    def forward(model, *args, sampled_BL=None, target: Target | None = None, **more):
        if sampled_BL is None:
            return original(*args, **more)
        states_BLH = model.base_model(input_ids=more["input_ids"], use_cache=False).last_hidden_state
        hidden_NH = states_BLH[:, :-1][sampled_BL]
        if target is None:
            return {"hidden_NH": hidden_NH}
        own = head_of(model)
        rows = min(len(own.weight_VH), len(target.head.weight_VH))  # behind them are no tokens: padding
        policy, teacher = ((head.weight_VH[:rows], _cut(head.bias_V, rows)) for head in (own, target.head))
        divergence_N, entropy_N = ChunkedDivergenceFunction.apply(
            hidden_NH, *policy, target.hidden_NH, *teacher, beta, temperature
        )
        return {"divergence_N": divergence_N, "entropy_N": entropy_N}

    model.forward = MethodType(forward, model)


def head_of(model: PreTrainedModel) -> Head:
    """A model's head, gathered where it is in shards."""
    head = model.get_output_embeddings()
    return Head(_whole(head.weight), _whole(head.bias))


def _whole(parameter: torch.Tensor | None) -> torch.Tensor | None:
    return parameter.full_tensor() if isinstance(parameter, DTensor) else parameter


def _cut(bias_V: torch.Tensor | None, rows: int) -> torch.Tensor | None:
    return None if bias_V is None else bias_V[:rows]
