"""Grader of longer texts: ROUGE-L's F-measure, as by the package `rouge_score` (without its stemmer).

See https://github.com/google-research/google-research/tree/master/rouge. Its words are runs of a to z and
digits, so it suits languages in Latin letters without accents. Words and F-measure are the package's; its
table of both texts' words takes gigabytes for a long completion, so the subsequence is found with bits.
"""

from collections import defaultdict
from collections.abc import Sequence

from rouge_score.scoring import fmeasure
from rouge_score.tokenize import tokenize

from tms.answers.grade import Grade
from tms.io.errors import InputError

METRIC = "rouge_l"
PROBES = [("one word", "a word")]


def read_gold(answer: str) -> str:
    """A gold answer in which ROUGE finds words.

    Raises:
        InputError: it finds none, so that every completion would have 0.
    """
    if not any(sign.isascii() and sign.isalnum() for sign in answer.lower()):
        raise InputError(
            f"the gold answer {answer[:60]!r} has no word to ROUGE, which knows a to z and digits alone; "
            f"take the grader f1 or contains"
        )
    return answer


def grade(completion: str, answer: str) -> Grade:
    """F-measure of the longest common subsequence of the words of completion and gold answer."""
    stated, gold = tokenize(completion, None), tokenize(read_gold(answer), None)
    common = longest_common(stated, gold)
    score = fmeasure(common / len(stated), common / len(gold)) if stated else 0.0
    return Grade(float(score), completion.strip()[:200])


def longest_common(words: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence.

    A row of the table is an integer with a bit for each word of `other`, 0 where the row rises (Hyyrö 2004,
    "Bit-parallel LCS-length computation revisited").
    """
    places: dict[str, int] = defaultdict(int)
    for index, word in enumerate(other):
        places[word] |= 1 << index
    every = (1 << len(other)) - 1
    row = every
    for word in words:
        same = row & places.get(word, 0)
        row = ((row + same) | (row - same)) & every
    return len(other) - row.bit_count()
