"""Grader that takes a judge model's word: YES or NO, and nothing else (`tms.judges.agreement`)."""

import re

from tms.answers.grade import Grade

METRIC = "agreement"
SAID = re.compile(r"[\s*_`\"']*(YES|NO)[\s*_`\"'.!]*", flags=re.IGNORECASE)


def grade(judgement: str, answer: str) -> Grade:
    """Score 1 where the judge says YES, 0 where it says NO; anything else is no score, and counted.

    Args:
        judgement: the judge's output on the prompt and the model's response; a thought before `</think>` is
            left out.
        answer: the reference, which the judge has seen.
    """
    said = SAID.fullmatch(judgement.rpartition("</think>")[2])
    if said is None:
        return Grade(None, judgement.strip()[-60:], failure="no judgement")
    return Grade(float(said[1].upper() == "YES"), said[1].upper())
