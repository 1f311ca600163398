"""HotpotQA's grader: F1 and exact match (https://github.com/hotpotqa/hotpot, hotpot_evaluate_v1.py)."""

from tms.answers.grade import Grade
from tms.answers.qa import grade_answer

METRIC = "f1"


def grade(completion: str, answer: str) -> Grade:
    """F1 over words of the completion's answer; its exact match under `em`.

    Args:
        completion: the model's text; its answer stands behind the last "answer:", else on its last line.
        answer: the gold answer.
    """
    return grade_answer(completion, answer)
