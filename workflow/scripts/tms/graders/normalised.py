"""Grader of texts that must be equal but for case, spaces and punctuation (`tms.answers.plain_form`)."""

from tms.answers.grade import Grade
from tms.answers.plain_form import plain_form
from tms.io.errors import InputError

METRIC = "exact_match"


def read_gold(answer: str) -> str:
    """The plain form of a gold answer.

    Raises:
        InputError: it holds punctuation alone, so that any other such text would equal it.
    """
    if not (gold := plain_form(answer)):
        raise InputError(f"the gold answer {answer[:60]!r} has no word; take the grader exact")
    return gold


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the completion's plain form is the gold answer's."""
    stated = plain_form(completion)
    return Grade(float(stated == read_gold(answer)), stated[:200])
