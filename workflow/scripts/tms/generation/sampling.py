"""Choice of the next token: a row-seeded sample, the same in every engine."""

from dataclasses import dataclass

import torch

from tms.generation.noise import gumbel
from tms.io.errors import InputError


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn.

    Args:
        temperature: divides the logits; 0 is greedy decoding.
        top_p: keep the smallest set of most probable tokens that holds this mass (1: all).
        top_k: keep this many most probable tokens (0: all).
        max_new_tokens: longest completion; a row that reaches it ends with finish reason "length".

    Raises:
        InputError: a value is out of range.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_new_tokens: int = 4096

    def __post_init__(self):
        if not 0 <= self.temperature < float("inf"):
            raise InputError(
                f"temperature {self.temperature}: give a finite number of 0 or more (0 is greedy)"
            )
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p {self.top_p}: give a number above 0 and up to 1 (1 keeps every token)")
        if self.top_k < 0:
            raise InputError(f"top_k {self.top_k}: give 0 (every token) or a positive number")
        if self.max_new_tokens < 1:
            raise InputError(f"max_new_tokens {self.max_new_tokens}: give a positive number")


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
    scores = keep_likely(scores / sampling.temperature, sampling.top_k, sampling.top_p)
    return (scores + gumbel(keys, steps, scores.shape[-1])).argmax(-1)


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
