"""Grader of MMLU's 57 subjects (https://github.com/hendrycks/test): the label of the chosen option."""

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
