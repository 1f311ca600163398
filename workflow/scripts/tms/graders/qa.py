"""Grader of short answers to questions: F1 and exact match over words, as HotpotQA has them.

The metrics are those of the official script (https://github.com/hotpotqa/hotpot, hotpot_evaluate_v1.py):
lower case, no punctuation, no articles; F1 over words; "yes", "no" and "noanswer" match only themselves.
"""

import re

from tms.answers.final_answer import affirmed, final_answer, last_line, spoken, unwrapped
from tms.answers.grade import Grade
from tms.answers.words import normalise, word_f1

METRIC = "f1"
SPECIAL = ("yes", "no", "noanswer")
TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\{([^{}]*)\}")  # as after training on mathematics
OFFERED = re.compile(
    r"\s*[,;(—–]?\s*\b(?:and/or|or|and|as well as|vs|versus|alternatively|otherwise|else|maybe|perhaps"
    r"|possibly)\b\s*|\s*[/|&;]\s*",
    flags=re.IGNORECASE,
)
PREFIX = re.compile(
    r"^(?:(?:either|somewhere between|between|both|one of|probably|most likely|also|even|then)\s+)+",
    flags=re.IGNORECASE,
)


def grade(completion: str, answer: str) -> Grade:
    """F1 over words of the completion's answer; its exact match under `em`.

    Both are 0 for an answer that offers two values, see `offers_two`; what it denies does not count.

    Args:
        completion: the model's text; see `extract`.
        answer: the gold answer.
    """
    extracted = extract(completion)
    stated = extracted if exact_match(extracted, answer) else affirmed(extracted)
    if offers_two(stated, answer):
        return Grade(0.0, extracted[:200], {"em": [0.0]})
    return Grade(f1(stated, answer), extracted[:200], {"em": [exact_match(stated, answer)]})


def extract(completion: str) -> str:
    """The last answer that a completion states, else its last line."""
    stated = final_answer(completion)
    if stated is None:
        stated = unwrapped(last_line(spoken(completion)))
    return " ".join(TEXT.sub(r"\1", stated).split())


def offers_two(stated: str, gold: str) -> bool:
    """Whether an answer names alternatives to a gold answer that is one value.

    Two values joined by "or"; or by "and" or a slash, where one of them is the gold answer. What a comma
    joins is one answer ("Chicago, Illinois"), which F1 judges as in the official script.
    """
    values = [normalise(PREFIX.sub("", value)) for value in OFFERED.split(stated)]
    if len(set(values)) < 2 or len(OFFERED.split(gold)) > 1:
        return False
    listed = {
        normalise(PREFIX.sub("", value))
        for value in re.split(f"{OFFERED.pattern}|,", stated, flags=re.IGNORECASE)
    }
    return re.search(r"\bor\b", stated, flags=re.IGNORECASE) is not None or normalise(gold) in listed


def exact_match(prediction: str, gold: str) -> float:
    """1 where both answers have the same normal form."""
    return float(normalise(prediction) == normalise(gold))


def f1(prediction: str, gold: str) -> float:
    """Harmonic mean of precision and recall over words, 0 where one of the two is another special answer."""
    stated, right = normalise(prediction), normalise(gold)
    if stated != right and (stated in SPECIAL or right in SPECIAL):
        return 0.0
    return word_f1(stated, right) if stated and right else 0.0
