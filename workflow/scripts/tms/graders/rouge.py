"""Grader of longer texts: ROUGE-L's F-measure, by the package `rouge_score` (without its stemmer).

See https://github.com/google-research/google-research/tree/master/rouge. Its words are runs of a to z and
digits, so it suits languages in Latin letters without accents. Its work grows with the product of both texts'
words.
"""

from rouge_score.rouge_scorer import RougeScorer

from tms.answers.grade import Grade
from tms.io.errors import InputError

METRIC = "rouge_l"
SCORER = RougeScorer(["rougeL"])
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
    scores = SCORER.score(read_gold(answer), completion)
    return Grade(float(scores["rougeL"].fmeasure), completion.strip()[:200])
