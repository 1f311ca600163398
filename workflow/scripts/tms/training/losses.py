"""Losses of tokens on given targets. Names of tensors end in their shape: N tokens, V the vocabulary."""

import torch
from torch.nn.functional import cross_entropy

from tms.training.examples import IGNORED


def summed_nll(logits_NV: torch.Tensor, targets_N: torch.Tensor) -> torch.Tensor:
    """Cross-entropy in float32, summed over the positions with loss."""
    return cross_entropy(logits_NV.float(), targets_N, ignore_index=IGNORED, reduction="sum")


def summed_trsft(logits_NV: torch.Tensor, targets_N: torch.Tensor, floor: float) -> torch.Tensor:
    """TrSFT loss (`trsft_N`) in float32, summed over the positions with loss."""
    nll_N = cross_entropy(logits_NV.float(), targets_N, ignore_index=IGNORED, reduction="none")
    return torch.where(targets_N != IGNORED, trsft_N(-nll_N, floor), 0.0).sum()


def trsft_N(logps_N: torch.Tensor, floor: float) -> torch.Tensor:
    """TrSFT loss of each token, -p / max(stopgrad(p), a): TRAPO, arXiv 2512.17636.

    Its gradient is that of the NLL where p >= a, and p / a of it below: a token that the policy gives almost
    no probability hardly moves it. The loss itself is -1 where p >= a and rises to 0 below.

    Args:
        logps_N: log-probability of each target token, in float32.
        floor: a, above 0 and at most 1.
    """
    probabilities_N = logps_N.exp()
    return -probabilities_N / probabilities_N.detach().clamp(min=floor)
