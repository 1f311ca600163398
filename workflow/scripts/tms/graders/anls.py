"""Grader of answers read from documents: Average Normalized Levenshtein Similarity, as DocVQA has it.

Biten et al. (2019, arXiv 1907.00490); computed as by the scorer of the Robust Reading Competition
(https://rrc.cvc.uab.es/?ch=17): lower case, single spaces, 1 - distance / length of the longer text, the best
over the gold answers, 0 below 0.5. The whole completion is the answer, as in a submission: a right value
inside a sentence ("The answer is 7 May.") is far from it, so the prompt has to ask for a short answer.

One departure: the official length counts a submission's own white space, and its characters in upper case, of
which one may become three, so that blanks behind any text bring it near 1. Here the completion's length is
that of the text compared. Gold answers are measured as in the official script.
"""

from collections import defaultdict

from tms.answers.gold_texts import gold_texts
from tms.answers.grade import Grade

METRIC = "anls"
THRESHOLD = 0.5  # a similarity below it is 0: another text, not a misread one

read_gold = gold_texts


def grade(completion: str, answer: str) -> Grade:
    """Score the completion by its similarity to the nearest of the gold answers, in [0, 1]."""
    stated = compared(completion)
    return Grade(max(similarity(stated, gold) for gold in read_gold(answer)), stated[:200])


def compared(text: str) -> str:
    """The text that is compared: in lower case, with single spaces."""
    return " ".join(text.lower().split())


def similarity(stated: str, gold: str) -> float:
    """1 - distance / length of a compared text and a gold answer, and 0 where that is below `THRESHOLD`.

    A text whose length alone puts it below is not compared, so that the work is bounded by the gold answer.
    """
    right = compared(gold)
    length = max(len(gold.upper()), len(stated))
    if length == 0:
        return 1.0
    if 1 - abs(len(stated) - len(right)) / length < THRESHOLD:
        return 0.0
    value = 1 - distance(stated, right) / length
    return value if value >= THRESHOLD else 0.0


def distance(text: str, other: str) -> int:
    """Levenshtein distance of two texts.

    A column of the table is two integers of one bit for each character of `other`: where it rises and where
    it falls from row to row (Myers 1999, in Hyyrö's form of 2003). 500 characters against 1,000 take 0.001
    CPU seconds, of NLTK's `edit_distance` 0.7; 10,000 against 19,000 take 0.17.
    """
    if not other:
        return len(text)
    places: dict[str, int] = defaultdict(int)
    for index, sign in enumerate(other):
        places[sign] |= 1 << index
    every, last = (1 << len(other)) - 1, 1 << (len(other) - 1)
    rises, falls, found = every, 0, len(other)
    for sign in text:
        same = places.get(sign, 0)
        diagonal = (((same & rises) + rises) ^ rises) | same | falls
        right_rises = (falls | ~(diagonal | rises)) & every
        right_falls = rises & diagonal
        found += bool(right_rises & last) - bool(right_falls & last)
        right_rises, right_falls = (right_rises << 1 | 1) & every, right_falls << 1 & every
        rises, falls = right_falls | (~(diagonal | right_rises) & every), right_rises & diagonal
    return found
