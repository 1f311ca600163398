"""Chain's grader: the final integer."""

import re

from tms.answers.final_answer import PLAIN, affirmed, final_answer, spoken
from tms.answers.grade import Grade

METRIC = "accuracy"
# A sign belongs to a number where none stands before it: "= -36", but not "48 - 36".
NUMBER = re.compile(r"(?<![\w)\]])(?<![\w)\]] )[-−]\d+(?:\.\d+)?|\d+(?:\.\d+)?")
JOINED = re.compile(
    r"\s+|(?: [a-z]+)?\s*(?:[,;/|&]|\b(?:or|and)\b)(?:[\s,]|\b(?:or|and|maybe|perhaps|possibly|also)\b)*",
    flags=re.IGNORECASE,
)


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the integer behind the last "answer :", else the last one of the text, is the answer.

    Args:
        completion: the model's text.
        answer: the right integer, as text.
    """
    stated = final_answer(completion)
    text = affirmed(spoken(completion).translate(PLAIN) if stated is None else stated)
    numbers = list(NUMBER.finditer(text))
    if not numbers:
        return Grade(0.0, "")
    two = numbers[:2] if stated is not None else numbers[-2:]
    extracted = numbers[0 if stated is not None else -1].group()
    right = one_spelling(extracted) == one_spelling(answer) and not _both_offered(two, text)
    return Grade(float(right), extracted[:50])


def one_spelling(number: str) -> str:
    """A number without the zeros that say nothing: 36 of `036` and `36.0`."""
    return re.sub(r"\.0+$", "", number).lstrip("0").replace("−", "-") or "0"


def _both_offered(two: list[re.Match], text: str) -> bool:
    """Whether two numbers that differ are joined: "36 or 35", "36, 35", "between 35 and 36"."""
    first, last = two[0], two[-1]
    return first.group() != last.group() and JOINED.fullmatch(text[first.end() : last.start()]) is not None
