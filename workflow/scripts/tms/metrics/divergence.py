"""Exact divergences of policies on given token sequences: NLL of completions, KL over the whole vocabulary.

Names of tensors end in their shape: B rows, L tokens, N positions that predict completion tokens, V the
vocabulary.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch.nn.functional import cross_entropy, log_softmax

from tms.io.token_ids import model_ids

Sequence = tuple[list[int], list[int]]  # prompt ids, completion ids (as `tms.io.token_ids` has them)

# Logits held at once in a batch: 1 GB in float32, so a vocabulary of 150,000 takes 1,800 tokens.
LOGITS_AT_ONCE = 2**28
TOKENS_AT_ONCE = 16384


def nll_N(logits_NV: torch.Tensor, targets_N: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood of each target (nats), in float32 chunk by chunk."""
    chunks = zip(_chunks(logits_NV), _chunks(targets_N, logits_NV.shape[-1]), strict=True)
    return torch.cat([cross_entropy(logits.float(), targets, reduction="none") for logits, targets in chunks])


def kl_N(policy_NV: torch.Tensor, other_NV: torch.Tensor) -> torch.Tensor:
    """KL(policy || other) at each position (nats), exact over the vocabulary, from logits.

    By the chain rule the sum over a sequence's positions has, over samples of the policy, the KL of the
    sequences as its expectation; it has less variance than their log-ratio.
    """
    values = []
    for policy, other in zip(_chunks(policy_NV), _chunks(other_NV), strict=True):
        log_p, log_q = log_softmax(policy.float(), -1), log_softmax(other.float(), -1)
        values.append((log_p.exp() * (log_p - log_q)).sum(-1))
    return torch.cat(values)


def sequence_nll(model, sequences: list[Sequence], on_rows: Callable[[int], None]) -> list[float]:
    """NLL of each completion given its prompt, summed over its tokens (Eq. 4.2).

    Args:
        model: a causal language model.
        sequences: (prompt ids, completion ids).
        on_rows: called with the number of rows that were done.
    """

    def positions(ids_BL, mask_BL):
        return nll_N(_logits(model, ids_BL, mask_BL), ids_BL[:, 1:][mask_BL])

    return _sums(positions, model, sequences, on_rows)


def sequence_kl(
    policy, other, sequences: list[Sequence], on_rows: Callable[[int], None], temperature: float = 1.0
) -> list[float]:
    """KL(policy || other) at the positions of each completion, summed; the completions are the policy's.

    Args: as in `sequence_nll`, with two models of one vocabulary.
        temperature: of both; the one at which the completions were sampled.
    """

    def positions(ids_BL, mask_BL):
        logits = (_logits(model, ids_BL, mask_BL).div_(temperature) for model in (policy, other))
        return kl_N(*logits)

    return _sums(positions, policy, sequences, on_rows)


@torch.no_grad()
def completion_logits(model, sequence: Sequence) -> torch.Tensor:
    """Logits [N, V] at the positions that predict a completion's own tokens, in the model's precision."""
    return _logits(model, *_pad([sequence], model.device))


def mean(values: list[float]) -> tuple[float, float]:
    """Mean and its standard error (0 for a single value)."""
    n = len(values)
    center = math.fsum(values) / n
    spread = math.fsum((value - center) ** 2 for value in values)
    return center, math.sqrt(spread / max(n - 1, 1) / n)


def token_mean(sums: list[float], counts: list[int]) -> tuple[float, float]:
    """Mean over all tokens and its standard error, with sequences as the independent draws (ratio estimate).

    Args:
        sums: of each sequence's tokens.
        counts: tokens of each sequence.
    """
    n, tokens = len(sums), sum(counts)
    ratio = math.fsum(sums) / tokens
    residuals = math.fsum((total - ratio * count) ** 2 for total, count in zip(sums, counts, strict=True))
    return ratio, math.sqrt(residuals / max(n - 1, 1) * n) / tokens


def batches(lengths: list[int], tokens: int) -> list[list[int]]:
    """Group rows of like length, so that a padded batch holds at most `tokens` (a longer row comes alone)."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        # In order of length, so the row that is added is the longest of its batch.
        if groups and (len(groups[-1]) + 1) * lengths[index] <= tokens:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


@torch.no_grad()  # not inference mode: a sharded policy that was gathered in it could not be trained
def _sums(positions, model, sequences: list[Sequence], on_rows: Callable[[int], None]) -> list[float]:
    lengths = [len(prompt) + len(completion) for prompt, completion in sequences]
    tokens = min(TOKENS_AT_ONCE, LOGITS_AT_ONCE // model.config.get_text_config().vocab_size)
    sums = [0.0] * len(sequences)
    for batch in batches(lengths, tokens):
        ids_BL, mask_BL = _pad([sequences[index] for index in batch], model.device)
        by_row = positions(ids_BL, mask_BL).double().split(mask_BL.sum(-1).tolist())
        for index, values in zip(batch, by_row, strict=True):
            sums[index] = values.sum().item()
        on_rows(len(batch))
    return sums


def _pad(sequences: list[Sequence], device) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids [B, L], padded on the right, and the mask [B, L - 1] of positions that predict a completion's own
    tokens."""
    length = max(len(prompt) + len(completion) for prompt, completion in sequences)
    ids_BL = torch.zeros(len(sequences), length, dtype=torch.long)
    mask_BL = torch.zeros(len(sequences), length - 1, dtype=torch.bool)
    for row, (prompt, completion) in enumerate(sequences):
        end = len(prompt) + len(completion)
        ids_BL[row, :end] = torch.tensor([*prompt, *model_ids(completion)])
        mask_BL[row, len(prompt) - 1 : end - 1] = torch.tensor(completion) >= 0
    return ids_BL.to(device), mask_BL.to(device)


def _logits(model, ids_BL: torch.Tensor, mask_BL: torch.Tensor) -> torch.Tensor:
    # No attention mask: padding lies behind the real tokens, which a causal model never sees.
    return model(input_ids=ids_BL, use_cache=False).logits[:, :-1][mask_BL]


def _chunks(values: torch.Tensor, width: int | None = None) -> Iterator[torch.Tensor]:
    """Split along N so that a chunk's logits are a quarter of what may be held."""
    return values.split(max(1, LOGITS_AT_ONCE // 4 // (width or values.shape[-1])))
