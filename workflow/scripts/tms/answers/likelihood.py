"""Grade of a question by the log-probabilities of its choices, as lm-eval's `acc`, `acc_norm`, `acc_bytes`.

lm-eval 0.4.13, `ConfigurableTask.process_results` in lm_eval/api/task.py: the answer is the first choice with
the largest log-probability (`acc`), log-probability a character of its text (`acc_norm`), or a UTF-8 byte
(`acc_bytes`).
"""

import json
from collections.abc import Sequence

from tms.answers.grade import Grade

METRIC = "acc"
# Length of a choice's text by which its log-probability is divided, for each other metric.
LENGTHS = {"acc_norm": len, "acc_bytes": lambda text: len(text.encode())}


def first_largest(values: Sequence[float]) -> int:
    """Place of the largest value, of the first one where several are."""
    return max(range(len(values)), key=values.__getitem__)


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
    return Grade(right(logprobs), labels[first_largest(logprobs)], also)
