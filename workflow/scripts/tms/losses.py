"""Losses of single tokens, from their log-probabilities. Names of tensors end in their shape: N tokens."""

import torch


def trsft_N(logps_N: torch.Tensor, floor: float) -> torch.Tensor:
    """TrSFT loss of each token, -p / max(stopgrad(p), a): TRAPO, arXiv 2512.17636.

    Its gradient is that of the NLL where p >= a, and p / a of it below: a token that the policy gives almost
    no probability moves it almost not. The loss itself is -1 where p >= a and rises to 0 below.

    Args:
        logps_N: log-probability of each target token, in float32.
        floor: a, above 0 and at most 1.
    """
    probabilities_N = logps_N.exp()
    return -probabilities_N / probabilities_N.detach().clamp(min=floor)
