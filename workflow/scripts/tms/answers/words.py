"""SQuAD's normal form of short answers, and F1 over its words (the official script, evaluate-v2.0.py)."""

import re
import string
from collections import Counter

PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, with single spaces."""
    text = text.lower().translate(PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def word_f1(stated: str, gold: str) -> float:
    """Harmonic mean of precision and recall over the words of two normal forms; of empty ones equality."""
    stated_words, gold_words = stated.split(), gold.split()
    if not stated_words or not gold_words:
        return float(stated_words == gold_words)
    common = sum((Counter(stated_words) & Counter(gold_words)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(stated_words), common / len(gold_words)
    return 2 * precision * recall / (precision + recall)
