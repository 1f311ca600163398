"""Grader of texts by their words: F1 and exact match, as SQuAD has them (evaluate-v2.0.py).

The whole completion is compared, in SQuAD's normal form (`tms.answers.words`). `qa` reads the stated answer
out of a completion first, and has HotpotQA's rule for "yes" and "no".
"""

from tms.answers.grade import Grade
from tms.answers.words import normalise, word_f1

METRIC = "f1"


def grade(completion: str, answer: str) -> Grade:
    """F1 over the words of the completion and the gold answer; whether both are equal, under `em`."""
    stated, gold = normalise(completion), normalise(answer)
    return Grade(word_f1(stated, gold), completion.strip()[:200], {"em": [float(stated == gold)]})
