"""Overlap of training and evaluation sets: equal texts, texts that share 13-grams, short texts within others.

After the GPT-3 paper (arXiv 2005.14165), on the problem's own text: a row overlaps that shares a 13-gram, or
the whole of itself where it is shorter (section 4 there). Its Appendix C takes one N for each benchmark: the
5th percentile of its rows' lengths in words, at least 8 and at most 13. Here N is 13 for all of them, and a
shorter row is looked for as a whole if it has 8 words or more.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tms.data.contamination import problem_text
from tms.data.contamination.ngrams import ABSENT, NgramIndex, frequency
from tms.io.errors import InputError

SIZE = 13  # words
SHORTEST = 8  # words of a row that is looked for as a whole; shorter ones are in too many texts by chance
BOILERPLATE_SHARE = 0.01  # of the rows of one side
# In a small set 1 % is a row or two, and one passage under several questions would pass for boilerplate.
BOILERPLATE_FLOOR = 10  # rows
EVIDENCE_WORDS = 40


@dataclass(frozen=True)
class Overlap:
    """An evaluation row that shares 13-grams with training rows, or stands whole in one.

    Args:
        example_id: of the evaluation row.
        train_id: a training row that shares the longest common run's first n-gram.
        matched: share of the row's n-grams, boilerplate apart, that training rows hold; 1 of a shorter row.
        words: the longest run of words that consists of shared n-grams, up to `EVIDENCE_WORDS` of them.
    """

    example_id: str
    train_id: str
    matched: float
    words: str


class Overlapping(NamedTuple):
    """Rows of an evaluation set that overlap with a training set, and what was left out of the comparison.

    Args:
        rows: the most alike first.
        boilerplate: different boilerplate n-grams in the evaluation set that the training set holds too.
        short: rows of fewer than `SHORTEST` words, which cannot overlap.
    """

    rows: list[Overlap]
    boilerplate: int
    short: int


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
    """The n-grams of a training set, against which evaluation sets are compared one at a time."""

    def __init__(self, train: list[dict]):
        self._ids, self._texts = distinct(train)
        self._indexes: dict[int, NgramIndex] = {}
        self.index = self._index(SIZE)
        self._common = is_boilerplate(self.index.frequency, self.index.texts)

    def find(self, rows: list[dict]) -> Overlapping:
        """Evaluation rows that share an n-gram with a training row, or stand whole in one; no boilerplate.

        An n-gram is boilerplate if over 1 % of the different texts of either side hold it, and more than
        `BOILERPLATE_FLOOR` of them. Words that a boilerplate n-gram covers are left out of all n-grams, else
        a template and the first word after it would count as 13 words in common.
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
        overlaps = self._whole(ids, texts)
        for text in np.unique(text_ids[hits]):
            here = slice(bounds[text], bounds[text + 1])
            length = bounds[text + 1] - bounds[text] - 1  # words; the last place is the separator
            possible = int(free[here][: length - SIZE + 1].sum())
            start, run = _longest_run(hits[here])
            number = numbers[here][start]
            train_id = self._first_with(self.index, number)
            words = texts[text].split()[start : start + min(run + SIZE - 1, EVIDENCE_WORDS)]
            matched = float(hits[here].sum()) / possible
            overlaps += [Overlap(row, train_id, matched, " ".join(words)) for row in ids[text]]
        left_out = len(np.unique(numbers[boilerplate]))
        overlaps.sort(key=lambda overlap: (-overlap.matched, overlap.example_id))
        short = sum(len(of_text) for of_text, text in zip(ids, texts, strict=True) if _size(text) < SHORTEST)
        return Overlapping(overlaps, left_out, short)

    def _whole(self, ids: list[list[str]], texts: list[str]) -> list[Overlap]:
        """Rows of `SHORTEST` words or more, too short for an n-gram, that stand whole in a training row.

        Boilerplate is a row that so many training rows hold.
        """
        by_size: dict[int, list[tuple[list[str], str]]] = defaultdict(list)
        for of_text, text in zip(ids, texts, strict=True):
            if SHORTEST <= _size(text) < SIZE:
                by_size[_size(text)].append((of_text, text))
        overlaps = []
        for size, short in by_size.items():
            index = self._index(size)
            numbers, text_ids = index.look_up(text.split() for _, text in short)
            firsts = numbers[np.searchsorted(text_ids, np.arange(len(short)))]
            for number, (of_text, text) in zip(firsts, short, strict=True):
                if number != ABSENT and not is_boilerplate(index.frequency[number], index.texts):
                    train_id = self._first_with(index, number)
                    overlaps += [Overlap(row, train_id, 1.0, text) for row in of_text]
        return overlaps

    def _index(self, size: int) -> NgramIndex:
        """The training set's n-grams of a size, indexed when a first evaluation set asks for them."""
        if size not in self._indexes:
            self._indexes[size] = NgramIndex(map(str.split, self._texts), size)
        return self._indexes[size]

    def _first_with(self, index: NgramIndex, number: int) -> str:
        """The first id of the training rows that hold an n-gram."""
        return min(min(self._ids[text]) for text in index.texts_with(number))


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


def _size(text: str) -> int:
    """Words of a text of `distinct`."""
    return len(text.split())


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
