"""The floor of measured divergences: how far float32 passes are from float64 ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import log_softmax

from tms.io.token_ids import own_tokens
from tms.metrics.divergence import Sequence, completion_logits, kl_N, nll_N
from tms.metrics.policy import load_policy

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages

SEQUENCES = 8
POSITIONS = 32  # of each: all logits of a vocabulary of 150,000 then take 0.3 GB in float64


def divergence_floor(
    policy: Path,
    base: Path,
    sets: dict[str, list[Sequence]],
    dtype: torch.dtype = torch.float32,
    images: PromptImages | None = None,
) -> dict[str, dict]:
    """Compare KL(policy || base) and the policy's NLL as they are measured with the same ones in float64.

    A KL below the floor cannot be told from 0. (Norms are float32 in both: transformers' models cast there.)

    Args:
        policy, base: model folders.
        sets: prompt ids and completion ids of each set; the first tokens of the first ones are taken.
        dtype: of the passes whose floor it is.
        images: in the prompts; None: there are none.

    Returns:
        Of each set `kl_per_token` and `nll_per_token`, the mean absolute differences at a token (nats), and
        `positions`, the number of tokens.
    """
    some = [
        (prompt, completion[:POSITIONS])
        for sequences in sets.values()
        for prompt, completion in sequences[:SEQUENCES]
    ]
    targets_N = torch.tensor([token for _, completion in some for token in completion if token >= 0])
    kl, nll = {}, {}
    for exact in (False, True):
        logits = {}
        for folder in dict.fromkeys((policy, base)):  # one after the other: in float64 two need not fit
            model = load_policy(folder, dtype=torch.float64 if exact else dtype, images=images)
            rows = [completion_logits(model, sequence).cpu() for sequence in some]
            logits[folder] = torch.cat(rows)
            del model
        if exact:
            log_p, log_q = (log_softmax(logits[folder], -1) for folder in (policy, base))
            kl[exact] = (log_p.exp() * (log_p - log_q)).sum(-1)
            nll[exact] = -log_p.gather(-1, targets_N[:, None])[:, 0]
        else:
            kl[exact] = kl_N(logits[policy], logits[base])
            nll[exact] = nll_N(logits[policy], targets_N)
    sizes = [
        sum(own_tokens(completion[:POSITIONS]) for _, completion in sequences[:SEQUENCES])
        for sequences in sets.values()
    ]
    apart = ((one[True] - one[False]).abs().split(sizes) for one in (kl, nll))
    return {
        name: {
            "kl_per_token": of_kl.mean().item(),
            "nll_per_token": of_nll.mean().item(),
            "positions": len(of_kl),
        }
        for name, of_kl, of_nll in zip(sets, *apart, strict=True)
    }
