"""Choice of the next token: a row-seeded sample, the same in every engine."""

import torch

from tms.generation.draw import draw
from tms.generation.sampling import Sampling


def choose(logits: torch.Tensor, keys: torch.Tensor, steps: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Choose each row's next token: argmax(logits / temperature, masked by top-k and top-p, + noise).

    Args:
        logits: [batch, V], any float type.
        keys: noise keys of the rows, [batch], int64.
        steps: number of tokens that each row already has, [batch], int64.
        sampling: temperature 0 takes the most probable token.

    Returns:
        Token ids, [batch], int64.
    """
    scores = logits.float()
    if sampling.temperature == 0:
        return scores.argmax(-1)
    if sampling.temperature != 1:
        scores = scores / sampling.temperature
    return draw(keep_likely(scores, sampling.top_k, sampling.top_p), keys, steps)


def keep_likely(scores: torch.Tensor, top_k: int, top_p: float) -> torch.Tensor:
    """Set all but the likely tokens to -inf: top-k first, then top-p of what is left, as engines do.

    A token stays when the tokens before it, in order of probability, hold less than `top_p`; so the most
    probable one always stays. Equal scores are ordered by token id.

    Args:
        scores: logits over temperature, [batch, V].
    """
    if not 0 < top_k < scores.shape[-1] and top_p == 1:
        return scores
    ordered, order = scores.sort(dim=-1, descending=True, stable=True)
    if 0 < top_k < scores.shape[-1]:
        ordered[:, top_k:] = -torch.inf
    if top_p < 1:
        probabilities = ordered.softmax(-1)
        before = probabilities.cumsum(-1) - probabilities
        before[:, 0] = 0
        ordered = ordered.masked_fill(before >= top_p, -torch.inf)
    return torch.empty_like(scores).scatter_(-1, order, ordered)
