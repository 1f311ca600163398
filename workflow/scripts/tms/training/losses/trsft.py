"""The TrSFT loss of target tokens, -p / max(stopgrad(p), a): TRAPO, arXiv 2512.17636."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tms.io.errors import InputError
from tms.training.examples import IGNORED
from tms.training.losses.nll import nll_N

if TYPE_CHECKING:
    from torch import Tensor

WORDS = "TrSFT with floor {trsft_floor:g}"
KEYS = {"trsft_floor": float}


def check(trsft_floor: float) -> None:
    """Refuse a floor that is no probability above 0."""
    if not 0 < trsft_floor <= 1:
        raise InputError(f"--trsft-floor {trsft_floor}: give a probability above 0, and at most 1")


def summed(logits_NV: Tensor, targets_N: Tensor, trsft_floor: float) -> Tensor:
    """`trsft_N` in float32, summed over the positions with loss."""
    losses_N = trsft_N(-nll_N(logits_NV, targets_N), trsft_floor)
    return losses_N.masked_fill(targets_N == IGNORED, 0.0).sum()


def trsft_N(logps_N: Tensor, floor: float) -> Tensor:
    """TrSFT loss of each token.

    Its gradient is that of the NLL where p >= a, and p / a of it below: a token that the policy gives almost
    no probability hardly moves it. The loss itself is -1 where p >= a and rises to 0 below.

    Args:
        logps_N: log-probability of each target token, in float32.
        floor: a, above 0 and at most 1.
    """
    probabilities_N = logps_N.exp()
    return -probabilities_N / probabilities_N.detach().clamp(min=floor)
