"""Index of the n-grams of one set of texts, against which other texts are compared.

n-grams get numbers by doubling, as in the construction of suffix arrays: a pair of words that the index knows
has a number, a pair of such numbers (4 words) has one, and so on, each looked up in a sorted table. So no
n-gram is ever held as text, equal numbers mean equal n-grams (no hash, no collision), and memory is a few
arrays of the texts' length.
"""

from collections.abc import Iterable

import numpy as np

ABSENT = -1


class NgramIndex:
    """Numbers of the n-grams of a set of texts.

    Args:
        texts: the words of each text.
        size: n, at least 2.
    """

    def __init__(self, texts: Iterable[list[str]], size: int):
        self.size = size
        self._vocabulary: dict[str, int] = {}
        self._tables: list[np.ndarray] = []
        self.texts = 0
        word_ids, text_ids = self._encode(texts, grow=True)
        self.texts = int(text_ids[-1]) + 1 if len(text_ids) else 0
        numbers = self._number(word_ids, grow=True)
        places = np.flatnonzero(numbers != ABSENT)
        self._order = places[np.argsort(numbers[places], kind="stable")].astype(np.int32)
        self._sorted = numbers[self._order]
        self._text_ids = text_ids
        self.count = int(self._sorted[-1]) + 1 if len(self._sorted) else 0  # distinct n-grams
        self.frequency = frequency(numbers, text_ids, self.count)

    def look_up(self, texts: Iterable[list[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Number the n-grams of other texts.

        Returns:
            Two arrays with an entry for each place where a word stands (and one more after each text): the
            number of the n-gram that begins there, `ABSENT` where the index has none; and the text's index.
        """
        word_ids, text_ids = self._encode(texts, grow=False)
        return self._number(word_ids, grow=False), text_ids

    def texts_with(self, number: int) -> np.ndarray:
        """Indices of the indexed texts that hold an n-gram, rising."""
        low, high = np.searchsorted(self._sorted, [number, number + 1])
        return np.unique(self._text_ids[self._order[low:high]])

    def _encode(self, texts: Iterable[list[str]], grow: bool) -> tuple[np.ndarray, np.ndarray]:
        """Word numbers of all texts in one array, an absent word after each text, and each place's text."""
        pieces, lengths = [], []
        for text in texts:
            if grow:
                ids = [self._vocabulary.setdefault(word, len(self._vocabulary)) for word in text]
            else:
                ids = [self._vocabulary.get(word, ABSENT) for word in text]
            pieces.append(np.array([*ids, ABSENT], np.int32))
            lengths.append(len(ids) + 1)
        if not pieces:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        return np.concatenate(pieces), np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)

    def _number(self, word_ids: np.ndarray, grow: bool) -> np.ndarray:
        numbers, width, level = word_ids, 1, 0
        while width < self.size:
            # The last pair may overlap: 13 words are two times 8 words with 3 in common.
            shift = min(width, self.size - width)
            right = np.full_like(numbers, ABSENT)
            right[: max(len(numbers) - shift, 0)] = numbers[shift:]
            known = (numbers != ABSENT) & (right != ABSENT)
            pairs = numbers[known].astype(np.int64) << 32 | right[known]
            if grow:
                self._tables.append(np.unique(pairs))
            table = self._tables[level]
            places = np.searchsorted(table, pairs)
            present = np.append(table, ABSENT)[places] == pairs
            numbers = np.full_like(numbers, ABSENT)
            numbers[known] = np.where(present, places, ABSENT)
            width, level = width + shift, level + 1
        return numbers


def frequency(numbers: np.ndarray, text_ids: np.ndarray, count: int) -> np.ndarray:
    """Number of texts that hold each n-gram.

    Args:
        numbers, text_ids: as `NgramIndex.look_up` returns them.
        count: of distinct n-grams, the length of the result.
    """
    known = numbers != ABSENT
    pairs = np.unique(numbers[known].astype(np.int64) << 32 | text_ids[known])
    return np.bincount(pairs >> 32, minlength=count)
