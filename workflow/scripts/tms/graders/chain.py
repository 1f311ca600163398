"""Chain's grader: the final integer."""

import re

from tms.answers.final_answer import LONGEST, final_answer
from tms.answers.grade import Grade

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the integer behind the last "answer :", else the last one of the text, is the answer.

    Args:
        completion: the model's text.
        answer: the right integer, as text.
    """
    stated = final_answer(completion)
    text = completion[-LONGEST:] if stated is None else stated
    numbers = re.findall(r"\d+", text)
    if not numbers:
        return Grade(0.0, "")
    extracted = numbers[0] if stated is not None else numbers[-1]
    return Grade(float(extracted.lstrip("0") == answer.lstrip("0")), extracted[:50])
