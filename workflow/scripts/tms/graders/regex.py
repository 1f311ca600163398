r"""Grader of completions that must match the row's own pattern: its gold answer is a regular expression.

Patterns are Python's `re`, searched anywhere in the completion; `(?i)`, `^`, `$`, `\A` are the pattern's own
business. One that takes too long on a completion comes to the row's limit of CPU seconds; the row is wrong.
"""

import re
import warnings

from tms.answers.grade import Grade
from tms.io.errors import InputError

METRIC = "accuracy"


def read_gold(answer: str) -> re.Pattern:
    """The compiled pattern of a gold answer.

    Raises:
        InputError: it is empty (it would accept everything), or no regular expression.
    """
    if not answer:
        raise InputError("the gold answer is empty; it has to be a pattern")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(answer)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(
            f"the gold answer {answer[:60]!r} is no regular expression ({error}); correct it"
        ) from error


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the gold pattern is found in the completion."""
    found = read_gold(answer).search(completion)
    return Grade(float(found is not None), found.group()[:200] if found else "")
