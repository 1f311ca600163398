"""Grader of look-ups: the last word of each chain, in the order asked for."""

import re

from tms.answers.final_answer import LONGEST, final_answer
from tms.answers.grade import Grade

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the end of every chain is right.

    Args:
        completion: the model's text: one clause a chain, separated by commas or stops, its end the last
            word; only what stands behind "answer :", where that occurs.
        answer: the right ends in the order asked for.
    """
    stated = final_answer(completion)
    text = completion[-LONGEST:] if stated is None else stated
    clauses = [re.findall(r"\w+", clause) for clause in re.split(r"[,.;\n]", text.lower())]
    extracted = " ".join(words[-1] for words in clauses if words)[:200]
    return Grade(float(extracted == answer), extracted)
