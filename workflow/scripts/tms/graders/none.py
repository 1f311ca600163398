"""No grader: completions have no score, and references are taken as they are."""

from tms.answers.grade import Grade

METRIC = None


def grade(completion: str, answer: str) -> Grade:
    """No score. Its rows have the grade null and count for nothing; nothing about them is a failure."""
    return Grade(None, "")
