"""Grader of short answers to questions: F1 and exact match over words, as HotpotQA has them.

The metrics are those of the official script (https://github.com/hotpotqa/hotpot, hotpot_evaluate_v1.py):
lower case, no punctuation, no articles; F1 over words; "yes", "no" and "noanswer" match only themselves.
"""

import re
import string
from collections import Counter

from tms.answers.boxes import boxed
from tms.answers.final_answer import LONGEST, final_answer
from tms.answers.grade import Grade

METRIC = "f1"
SPECIAL = ("yes", "no", "noanswer")
PUNCTUATION = str.maketrans("", "", string.punctuation)
TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\{([^{}]*)\}")  # as after training on mathematics
ANNOUNCED = re.compile(r"\banswer\b(?: to the question)? is:?\s+", flags=re.IGNORECASE)


def grade(completion: str, answer: str) -> Grade:
    """F1 over words of the completion's answer; its exact match under `em`.

    Args:
        completion: the model's text; see `extract`.
        answer: the gold answer.
    """
    extracted = extract(completion)
    return Grade(f1(extracted, answer), extracted[:200], {"em": [exact_match(extracted, answer)]})


def extract(completion: str) -> str:
    """The text behind the last "answer:" of a completion, else its last line."""
    text = completion[-LONGEST:].strip()
    stated = final_answer(text)
    if stated is None:
        stated = boxed(text)
    if stated is None:
        lines = text.splitlines()
        stated = ANNOUNCED.split(lines[-1])[-1] if lines else ""
    stated = boxed(stated) or stated
    return TEXT.sub(r"\1", stated).strip(' *_`"$')


def normalise(text: str) -> str:
    """The official normal form of an answer."""
    text = text.lower().translate(PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(prediction: str, gold: str) -> float:
    """1 where both answers have the same normal form."""
    return float(normalise(prediction) == normalise(gold))


def f1(prediction: str, gold: str) -> float:
    """Harmonic mean of precision and recall over words, 0 where one of the two is another special answer."""
    stated, right = normalise(prediction), normalise(gold)
    if stated != right and (stated in SPECIAL or right in SPECIAL):
        return 0.0
    stated_words, right_words = stated.split(), right.split()
    common = sum((Counter(stated_words) & Counter(right_words)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(stated_words), common / len(right_words)
    return 2 * precision * recall / (precision + recall)
