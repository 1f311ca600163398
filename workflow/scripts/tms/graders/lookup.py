"""Grader of look-ups: the last word of each hop chain, in the order asked for."""

import re

from tms.final_answer import LONGEST, final_answer
from tms.verdict import Verdict

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Verdict:
    """Score 1 where every person's place is right.

    Args:
        completion: the model's text: one clause a person, separated by commas or stops, the place last in
            each; only what stands behind "answer :", where that occurs.
        answer: the right places in the order asked for.
    """
    stated = final_answer(completion)
    text = completion[-LONGEST:] if stated is None else stated
    clauses = [re.findall(r"\w+", clause) for clause in re.split(r"[,.;\n]", text.lower())]
    extracted = " ".join(words[-1] for words in clauses if words)[:200]
    return Verdict(float(extracted == answer), extracted)
