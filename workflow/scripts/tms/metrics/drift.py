"""Held-out Policy-Label Divergence, its drift along a run, KL to the base (Sections 3.3, 4; Eq. 4.2)."""

import math

from tms.io.errors import InputError
from tms.io.progress import Progress
from tms.metrics.divergence import Sequence, mean, sequence_kl, sequence_nll, token_mean
from tms.training.encoder import Encoder
from tms.training.examples import masking_reason


def encode_supervision(
    rows: list[dict], encoder: Encoder, longest: float = math.inf
) -> tuple[list[Sequence], int]:
    """Encode supervised rows, without those that training masks too.

    Args:
        rows: columns `context`, `prompt`, `source`, `completion`, `completion_ids`, `finish_reason`.
        encoder: the base's.
        longest: tokens of a completion, the end token included, above which training masks it.

    Returns:
        (prompt ids, completion ids) of the other rows, and the number of rows left out.
    """
    pairs = [(row, encoder.completion(row)) for row in rows]
    sequences = [
        (encoder.prompt(row), completion)
        for row, completion in pairs
        if masking_reason(row["finish_reason"], completion, longest) is None
    ]
    return sequences, len(rows) - len(sequences)


def policy_label_divergence(model, sequences: list[Sequence], what: str) -> dict:
    """PLD of a policy on supervised sequences: their NLL (nats) per token and per sequence."""
    with Progress(len(sequences), what, "rows") as progress:
        sums = sequence_nll(model, sequences, progress.advance)
    return summary(sums, [len(completion) for _, completion in sequences], what)


def kl_divergence(policy, other, sequences: list[Sequence], what: str) -> tuple[dict, list[float]]:
    """KL(policy || other) on samples of the policy (nats): per token and per sequence, and of each sample."""
    with Progress(len(sequences), what, "rows") as progress:
        sums = sequence_kl(policy, other, sequences, progress.advance)
    return summary(sums, [len(completion) for _, completion in sequences], what), sums


def summary(sums: list[float], counts: list[int], what: str) -> dict:
    """Per-token and per-sequence means with standard errors, the latter over sequences.

    Raises:
        InputError: there is no sequence, or the numbers are not finite.
    """
    if not sums:
        raise InputError(f"{what}: no sequence to measure; look at the rows of its input file")
    per_token, per_token_stderr = token_mean(sums, counts)
    per_sequence, per_sequence_stderr = mean(sums)
    if not per_sequence < float("inf"):
        raise InputError(f"{what}: {per_sequence} is no finite number; check the model's weights")
    return {
        "per_token": per_token,
        "per_token_stderr": per_token_stderr,
        "per_sequence": per_sequence,
        "per_sequence_stderr": per_sequence_stderr,
        "n": len(sums),
        "tokens": sum(counts),
    }


def add_drift(trajectory: dict[str, dict]) -> dict[str, dict]:
    """Add the drift at each point t: PLD(t) - min over s <= t of PLD(s), per token and per sequence.

    Args:
        trajectory: point -> PLD, in the order of the run.
    """
    best = {"per_token": float("inf"), "per_sequence": float("inf")}
    extended = {}
    for point, losses in trajectory.items():
        best = {unit: min(value, losses[unit]) for unit, value in best.items()}
        extended[point] = losses | {f"drift_{unit}": losses[unit] - value for unit, value in best.items()}
    return extended
