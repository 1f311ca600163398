"""Grader of mathematical expressions: the final one, compared by math-verify.

See https://github.com/huggingface/Math-Verify; MATH-500's official grader is
https://github.com/openai/prm800k, prm800k/grading/.
"""

from tms.answers.grade import Grade
from tms.answers.math import grade_extracted
from tms.answers.math_extraction import expression_answer

METRIC = "accuracy"
PROBES = [  # (completion, answer): what brings math-verify and sympy in
    (r"\boxed{x^2+1}", "(x+1)^2-2x"),
    (r"\boxed{x<3}", r"(-\infty,3)"),
    (r"\boxed{\{1,2\}}", r"\{2,\sqrt{2}\}"),
    (r"\boxed{\begin{pmatrix}1\\2\end{pmatrix}}", r"\begin{pmatrix}1\\x\end{pmatrix}"),
]


def grade(completion: str, answer: str) -> Grade:
    r"""Score 1 where the completion's answer equals the gold answer.

    Args:
        completion: the model's text; its answer is each `\boxed{...}` of the last sentence with one, else
            what stands behind the last "answer is", "Answer:" or "####", else the last formula or number.
            Several different values are right for a list only.
        answer: the gold answer, e.g. `\frac{1}{2}`.
    """
    return grade_extracted(expression_answer(completion), answer)
