"""MMLU-Pro's grader: the chosen letter (https://github.com/TIGER-AI-Lab/MMLU-Pro, evaluate_from_local.py)."""

from tms.answers.choice import grade_choice
from tms.answers.grade import Grade

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the completion's label is the gold label.

    Args:
        completion: the model's text; see `tms.answers.choice.extract`.
        answer: `{"label": ..., "labels": [...], "texts": [...]}`.
    """
    return grade_choice(completion, answer)
