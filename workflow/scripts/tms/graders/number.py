"""Grader of numbers: the final one (GSM8K's `is_correct`, https://github.com/openai/grade-school-math)."""

from tms.answers.grade import Grade
from tms.answers.math import grade_extracted
from tms.answers.math_extraction import number_answer

METRIC = "accuracy"
PROBES = [(r"\boxed{x^2+1}", "(x+1)^2-2x")]  # (completion, answer): what brings math-verify and sympy in


def grade(completion: str, answer: str) -> Grade:
    r"""Score 1 where the completion's answer equals the gold number.

    Args:
        completion: the model's text; its answer is the last `\boxed{...}`, else the number behind the last
            "answer is", "Answer:" or "####", else the last number. Several different ones are wrong.
        answer: the gold number, e.g. "1,000".
    """
    return grade_extracted(number_answer(completion), answer)
