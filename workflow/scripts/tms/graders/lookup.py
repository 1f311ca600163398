"""Grader of look-ups: the last word of each chain, in the order asked for."""

import re

from tms.answers.final_answer import affirmed, final_answer, spoken
from tms.answers.grade import Grade

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the end of every chain is right.

    Args:
        completion: the model's text: one clause a chain, separated by commas, stops or "and", its end
            the last word, "or" for none; only what stands behind "answer :", where that occurs.
        answer: the right ends in the order asked for.
    """
    stated = final_answer(completion)
    text = affirmed(spoken(completion) if stated is None else stated).lower()
    if re.search(r"\bor\b|[/|]", text):
        return Grade(0.0, " ".join(text.split())[:200])
    clauses = [re.findall(r"\w+", clause) for clause in re.split(r"[,.;\n]|\band\b", text)]
    extracted = " ".join(words[-1] for words in clauses if words)[:200]
    return Grade(float(extracted == answer), extracted)
