"""Gold answers of which any may be given: a JSON list of texts in the column `answer`."""

from tms.io import strict_json
from tms.io.errors import InputError

LONGEST = 10_000  # characters of the list as JSON
REMEDY = 'write a JSON list such as ["7 May", "May 7"]'


def gold_texts(answer: str) -> list[str]:
    """The texts of a row's gold answers, in their order.

    Raises:
        InputError: they are no JSON list of texts, are too long, or none of them says anything (as in a split
            whose answers are not public).
    """
    try:
        if len(answer) > LONGEST:
            raise ValueError(f"longer than {LONGEST} characters")
        golds = strict_json.decoder().decode(answer)
    except strict_json.BROKEN as error:
        raise InputError(f"the gold answer {answer[:60]!r} is no JSON ({error}); {REMEDY}") from error
    if not isinstance(golds, list) or not all(isinstance(gold, str) for gold in golds):
        raise InputError(f"the gold answer {answer[:60]!r} is no list of texts; {REMEDY}")
    if not any(gold.strip() for gold in golds):
        raise InputError(
            f"the gold answer {answer[:60]!r} has no text; a split whose answers are not public has no score"
        )
    return golds
