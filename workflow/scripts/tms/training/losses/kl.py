"""NLL of target tokens + beta KL(pi_0 || pi): learning without forgetting, arXiv 1606.09282.

pi_0 is the base. Token by token the loss is, up to a constant, 1 + beta times the cross-entropy to the
mixture (delta_y + beta pi_0) / (1 + beta) of the target y and the base.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tms.io.errors import InputError
from tms.mixture.replay import GENERAL
from tms.training.examples import IGNORED, UNTARGETED
from tms.training.losses import nll

if TYPE_CHECKING:
    from torch import Tensor

WORDS = "NLL + {kl_beta:g} KL(base, model) on the {kl_prompts} prompts"
KEYS = {"kl_beta": float, "kl_prompts": str}
READS_BASE = True
TRAINING = "training"  # prompts that have the KL, where they are not `GENERAL`


def check(kl_beta: float, kl_prompts: str) -> None:
    """Refuse a weight that is no number from 0 on, and prompts that there are not."""
    if not 0 <= kl_beta < math.inf:
        raise InputError(f"--kl-beta {kl_beta}: give a number, at least 0")
    if kl_prompts not in (TRAINING, GENERAL):
        raise InputError(f"--kl-prompts {kl_prompts}: give {TRAINING} or {GENERAL}")


def summed(
    logits_NV: Tensor, targets_N: Tensor, base_NV: Tensor, kl_beta: float, kl_prompts: str = TRAINING
) -> Tensor:
    """NLL + beta KL in float32, both summed over the positions with loss.

    On the training prompts both are at every such position; on general ones these have the KL alone, and all
    others the NLL alone.

    Args:
        logits_NV, targets_N: of the model, and its targets; `UNTARGETED` at those of general prompts.
        base_NV: logits of the base at the same positions.
        kl_beta: weight of the KL.
        kl_prompts: rows whose positions have the KL.
    """
    from tms.metrics.divergence import kl_N  # with torch

    untargeted_N = targets_N == UNTARGETED
    without_N = ~untargeted_N if kl_prompts == GENERAL else targets_N == IGNORED
    nats_N = kl_N(base_NV, logits_NV).masked_fill(without_N, 0.0)
    return nll.summed(logits_NV, targets_N.masked_fill(untargeted_N, IGNORED)) + kl_beta * nats_N.sum()
