"""Grader of completions that must hold the gold answer, but for case, spaces and punctuation."""

from tms.answers.grade import Grade
from tms.answers.plain_form import occurs, plain_form
from tms.graders.normalised import read_gold

__all__ = ["METRIC", "grade", "read_gold"]

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the gold answer's plain form occurs in the completion's, at the borders of words.

    A completion that names every possible answer is right too: this fits gold answers that no other text
    holds by chance.
    """
    gold = read_gold(answer)
    found = occurs(gold, plain_form(completion))
    return Grade(float(found), gold[:200] if found else "")
