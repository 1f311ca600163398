"""Overlap of training and evaluation sets: equal texts, and texts that share 13-grams.

The 13-gram test is that of the GPT-3 paper (arXiv 2005.14165, Appendix C), on the problem's own text.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from tms.data.contamination import problem_text
from tms.data.contamination.ngrams import ABSENT, NgramIndex, frequency
from tms.io.errors import InputError

SIZE = 13  # words
BOILERPLATE_SHARE = 0.01  # of the rows of one side
# In a small set 1 % is a row or two, and one passage under several questions would pass for boilerplate.
BOILERPLATE_FLOOR = 10  # rows
EVIDENCE_WORDS = 40


@dataclass(frozen=True)
class Overlap:
    """An evaluation row that shares 13-grams with training rows.

    Args:
        example_id: of the evaluation row.
        train_id: a training row that shares the longest common run's first n-gram.
        matched: share of the row's n-grams, boilerplate apart, that training rows hold.
        words: the longest run of words that consists of shared n-grams, up to `EVIDENCE_WORDS` of them.
    """

    example_id: str
    train_id: str
    matched: float
    words: str


def check_problems(rows: list[dict], path: object) -> None:
    """Check that each row says what its problem is.

    Raises:
        InputError: a row has an empty `problem`.
    """
    for row in rows:
        if not row["problem"].strip():
            raise InputError(
                f"{path}: example {row['example_id']} has an empty problem, which cannot be compared; "
                f"correct the task's module and run prepare again"
            )


class ExactMatcher:
    """Finds rows that equal one of a set of rows after normalisation (`problem_text.exact_forms`).

    Equal are two texts with the same words and operators; with the same lines in another order (options
    that were shuffled); and a multiple-choice question with its options and the same question without.
    """

    def __init__(self, rows: list[dict]):
        self._whole: dict[str, set[str]] = defaultdict(set)
        self._any_order: dict[str, set[str]] = defaultdict(set)
        self._questions: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            forms = problem_text.exact_forms(row["problem"])
            self._whole[forms.whole].add(row["example_id"])
            self._any_order[forms.any_order].add(row["example_id"])
            for question in forms.questions:
                self._questions[question].add(row["example_id"])

    def matches(self, rows: list[dict], most: int = 5) -> dict[str, list[str]]:
        """Equal rows of the set, up to `most`, for each of these rows that has any; in order of their ids."""
        equal_rows = {}
        for row in rows:
            forms = problem_text.exact_forms(row["problem"])
            equal = self._whole.get(forms.whole, set()) | self._any_order.get(forms.any_order, set())
            equal |= self._questions.get(forms.whole, set())
            for question in forms.questions:
                equal |= self._whole.get(question, set())
            if equal:
                equal_rows[row["example_id"]] = sorted(equal)[:most]
        return dict(sorted(equal_rows.items()))


class Overlaps:
    """The 13-grams of a training set, against which evaluation sets are compared one at a time."""

    def __init__(self, train: list[dict]):
        self._ids, texts = distinct(train)
        self.index = NgramIndex(map(str.split, texts), SIZE)
        self._common = is_boilerplate(self.index.frequency, self.index.texts)

    def find(self, rows: list[dict]) -> tuple[list[Overlap], int]:
        """Evaluation rows that share an n-gram with a training row, boilerplate left out.

        An n-gram is boilerplate if over 1 % of the different texts of either side hold it, and more than
        `BOILERPLATE_FLOOR` of them. Words that a boilerplate n-gram covers are left out of all n-grams, else
        a template and the first word after it would count as 13 words in common.

        Returns:
            The rows, most alike first, and the number of different boilerplate n-grams in the evaluation set
            that the training set holds too.
        """
        ids, texts = distinct(rows)
        numbers, text_ids = self.index.look_up(map(str.split, texts))
        common = self._common | is_boilerplate(frequency(numbers, text_ids, self.index.count), len(texts))
        known = numbers != ABSENT
        boilerplate = np.zeros(len(numbers), bool)
        boilerplate[known] = common[numbers[known]]
        free = _without(boilerplate)
        hits = known & free
        bounds = np.searchsorted(text_ids, np.arange(len(texts) + 1))
        overlaps = []
        for text in np.unique(text_ids[hits]):
            here = slice(bounds[text], bounds[text + 1])
            length = bounds[text + 1] - bounds[text] - 1  # words; the last place is the separator
            possible = int(free[here][: length - SIZE + 1].sum())
            start, run = _longest_run(hits[here])
            number = numbers[here][start]
            train_id = min(min(self._ids[other]) for other in self.index.texts_with(number))
            words = texts[text].split()[start : start + min(run + SIZE - 1, EVIDENCE_WORDS)]
            matched = float(hits[here].sum()) / possible
            overlaps += [Overlap(row, train_id, matched, " ".join(words)) for row in ids[text]]
        left_out = len(np.unique(numbers[boilerplate]))
        return sorted(overlaps, key=lambda overlap: (-overlap.matched, overlap.example_id)), left_out


def distinct(rows: list[dict]) -> tuple[list[list[str]], list[str]]:
    """Different problems of a set: the ids of each, and its words.

    Copies count once, so that a leaked text that was repeated many times does not pass for boilerplate.
    """
    ids: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        ids[problem_text.words(row["problem"])].append(row["example_id"])
    return list(ids.values()), list(ids)


def is_boilerplate(counts: np.ndarray, texts: int) -> np.ndarray:
    """Whether n-grams that so many of the texts hold are boilerplate."""
    return counts > max(BOILERPLATE_SHARE * texts, BOILERPLATE_FLOOR)


def _without(boilerplate: np.ndarray) -> np.ndarray:
    """Whether the n-gram at each place shares no word with a boilerplate n-gram."""
    total = np.concatenate([[0], np.cumsum(boilerplate)])
    places = np.arange(len(boilerplate))
    low = np.maximum(places - SIZE + 1, 0)
    high = np.minimum(places + SIZE, len(boilerplate))
    return total[high] == total[low]


def _longest_run(hits: np.ndarray) -> tuple[int, int]:
    """First place and length of the longest run of true values; the first of equals."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], hits.astype(np.int8), [0]])))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    best = int(np.argmax(lengths))
    return int(starts[best]), int(lengths[best])
