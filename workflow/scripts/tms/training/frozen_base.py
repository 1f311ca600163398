"""theta_0 beside the model in training, for losses that compare the two."""

from types import MethodType
from typing import NamedTuple

import torch
from torch import nn
from torch.distributed.fsdp import FSDPModule


class Hidden(NamedTuple):
    """States before a head, and the head's weight [V, H] and bias [V] (None: it has none)."""

    states: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor | None

    def to(self, dtype: torch.dtype) -> "Hidden":
        return Hidden(*(None if tensor is None else tensor.to(dtype) for tensor in self))


class FrozenBase:
    """theta_0: a frozen model of its own or, of adapters, the model in training without them.

    It is no part of the model in training, so that no state and no checkpoint holds it. `use_model` or
    `use_adapted` says which one it is, before the first pass.
    """

    def use_model(self, model: nn.Module) -> None:
        """Take a model of its own: on the device of the passes, or in shards."""
        model.forward = MethodType(_last_hidden, model.eval().requires_grad_(False))
        if isinstance(model, FSDPModule):  # its head is read after its pass
            model.set_reshard_after_forward(False, recurse=False)
        self.model = self.called = model

    def use_adapted(self, model: nn.Module) -> None:
        """Take a model of peft without its adapters, whose weights stay as they are."""
        self.model, self.called = model.get_base_model(), _UnadaptedDecoder(model)

    @torch.no_grad()
    def hidden(self, input_ids_BL: torch.Tensor, chosen_BL: torch.Tensor) -> Hidden:
        """Last hidden states at the chosen of the positions [B, L - 1] that predict a token, and the head."""
        states_BLH = self.called(input_ids_BL)[:, :-1]
        head = self.model.get_output_embeddings()
        return Hidden(states_BLH[chosen_BL], head.weight, head.bias)

    def release(self) -> None:
        """Give back what a model in shards had gathered for its head."""
        if isinstance(self.model, FSDPModule):
            self.model.reshard()


class _UnadaptedDecoder:
    """The decoder of a model of peft without its adapters and without dropout."""

    def __init__(self, adapted: nn.Module):
        self.adapted = adapted

    def __call__(self, input_ids_BL: torch.Tensor) -> torch.Tensor:
        model, training = self.adapted.get_base_model(), self.adapted.training
        model.eval()
        with self.adapted.disable_adapter():
            states_BLH = _last_hidden(model, input_ids_BL)
        model.train(training)
        return states_BLH


def _last_hidden(model: nn.Module, input_ids_BL: torch.Tensor) -> torch.Tensor:
    return model.base_model(input_ids=input_ids_BL, use_cache=False).last_hidden_state
