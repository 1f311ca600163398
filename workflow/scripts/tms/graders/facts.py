"""Grader of recalled facts: the stated value."""

import re

from tms.answers.final_answer import affirmed, final_answer, spoken
from tms.answers.grade import Grade

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the stated value is the answer.

    Args:
        completion: the model's text; the value stands behind the last "answer :", else behind the last
            "is", else it is the whole text.
        answer: the right value.
    """
    text = final_answer(completion)
    if text is None:
        text = re.split(r"\bis\b", spoken(completion))[-1]
    extracted = " ".join(re.findall(r"\w+", affirmed(text).lower()))[:100]
    return Grade(float(extracted == answer.lower()), extracted)
