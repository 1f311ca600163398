"""Grader of texts that must be equal, sign by sign."""

from tms.answers.grade import Grade

METRIC = "exact_match"


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the completion is the gold answer; white space at both ends does not count."""
    stated = completion.strip()
    return Grade(float(stated == answer.strip()), stated[:200])
