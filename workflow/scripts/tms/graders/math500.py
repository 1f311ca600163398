"""MATH-500's grader, which is MATH's (official: https://github.com/openai/prm800k, prm800k/grading/)."""

from tms.answers.grade import Grade
from tms.answers.math import grade_expression

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    r"""Score 1 where the completion's answer equals the gold answer.

    Args:
        completion: the model's text; see `tms.graders.math`.
        answer: the gold answer, e.g. `\left( 3, \frac{\pi}{2} \right)`.
    """
    return grade_expression(completion, answer)
