"""Grade of a question by the log-probabilities of its choices, as lm-eval's `acc`, `acc_norm`, `acc_bytes`.

lm-eval 0.4.13, `ConfigurableTask.process_results` in lm_eval/api/task.py: the answer is the first choice with
the largest log-probability (`acc`), log-probability a character of its text (`acc_norm`), or a UTF-8 byte
(`acc_bytes`).

Beside them stands `probability`, the share of the right choice in the probability of all choices. It is a
function of the margins in nats (with two choices the logistic one), so it moves where the likeliest choice
stays, and tells models apart that are right no more often than chance. lm-eval has no such metric; see
Schaeffer et al., 2024 (https://arxiv.org/abs/2406.04391).
"""

import json
import math
from collections.abc import Sequence

from tms.answers.grade import Grade

METRIC = "acc"
# Length of a choice's text by which its log-probability is divided, for each other metric.
LENGTHS = {"acc_norm": len, "acc_bytes": lambda text: len(text.encode())}


def first_largest(values: Sequence[float]) -> int:
    """Place of the largest value, of the first one where several are."""
    return max(range(len(values)), key=values.__getitem__)


def probability(logprobs: Sequence[float], right: int) -> float:
    """Probability of the choice at a place, given that one of the choices is said.

    Args:
        logprobs: log-probability of each choice (nats); finite.
        right: place of the choice.
    """
    largest = max(logprobs)
    return math.exp(logprobs[right] - largest) / math.fsum(math.exp(value - largest) for value in logprobs)


def grade(logprobs: Sequence[float], answer: str) -> Grade:
    """Score 1 where the most likely choice is the right one.

    Args:
        logprobs: log-probability of each choice (nats), summed over its tokens.
        answer: `{"label": "C", "labels": ["A", "B", "C", "D"], "texts": [...]}`.
    """
    question = json.loads(answer)
    labels, texts = question["labels"], question["texts"]

    def right(values: Sequence[float]) -> float:
        return float(labels[first_largest(values)] == question["label"])

    also = {
        metric: [right([value / length(text) for value, text in zip(logprobs, texts, strict=True)])]
        for metric, length in LENGTHS.items()
    }
    also["probability"] = [probability(logprobs, labels.index(question["label"]))]
    return Grade(right(logprobs), labels[first_largest(logprobs)], also)
