"""The loss of Dynamic Fine-Tuning, -stopgrad(p) log p of target tokens: arXiv 2508.05629."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tms.training.losses.nll import nll_N

if TYPE_CHECKING:
    from torch import Tensor

WORDS = "DFT: negative log-likelihood, weighted by the model's own probability of the token"
KEYS: dict[str, type] = {}


def summed(logits_NV: Tensor, targets_N: Tensor) -> Tensor:
    """The NLL of each token times its probability, through which no gradient flows, summed in float32.

    Its gradient is that of -p: a token that the policy gives almost no probability hardly moves it, where
    the NLL's would be 1 / p times as large.
    """
    losses_N = nll_N(logits_NV, targets_N)
    return (losses_N * (-losses_N.detach()).exp()).sum()
