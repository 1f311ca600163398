"""MATH's grader: the final expression, compared by math-verify (https://github.com/huggingface/Math-Verify)."""

from tms.answers.grade import Grade
from tms.answers.math import grade_expression

METRIC = "accuracy"


def grade(completion: str, answer: str) -> Grade:
    r"""Score 1 where the completion's answer equals the gold answer.

    Args:
        completion: the model's text; its answer is the last `\boxed{...}`, else what stands behind the last
            "answer is", "Answer:" or "####", else the last formula or number.
        answer: the gold answer, e.g. `\frac{1}{2}`.
    """
    return grade_expression(completion, answer)
