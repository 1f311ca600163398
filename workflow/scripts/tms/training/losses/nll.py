"""The negative log-likelihood of target tokens: the loss of SFT (Eq. 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tms.training.examples import IGNORED

if TYPE_CHECKING:  # the configuration reads `KEYS` without torch
    from torch import Tensor

WORDS = "negative log-likelihood"
KEYS: dict[str, type] = {}


def summed(logits_NV: Tensor, targets_N: Tensor) -> Tensor:
    """Cross-entropy in float32, summed over the positions with loss."""
    return _cross_entropy(logits_NV, targets_N, "sum")


def nll_N(logits_NV: Tensor, targets_N: Tensor) -> Tensor:
    """-log p of each target token, in float32; 0 at positions without loss."""
    return _cross_entropy(logits_NV, targets_N, "none")


def _cross_entropy(logits_NV: Tensor, targets_N: Tensor, reduction: str) -> Tensor:
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits_NV.float(), targets_N, ignore_index=IGNORED, reduction=reduction)
