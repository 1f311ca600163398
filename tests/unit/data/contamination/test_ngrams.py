"""n-gram index: the same n-grams as sets of tuples find, and no others."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tms.data.contamination.ngrams import ABSENT, NgramIndex, frequency

TEXTS = st.lists(st.lists(st.sampled_from("abc"), max_size=12), max_size=8)


def grams(text, size):
    return [tuple(text[place : place + size]) for place in range(len(text) - size + 1)]


@given(TEXTS, TEXTS, st.integers(2, 9))
def test_agrees_with_sets_of_tuples(train, others, size):
    index = NgramIndex(train, size)
    held = Counter(gram for text in train for gram in set(grams(text, size)))
    assert index.count == len(held) and sorted(index.frequency) == sorted(held.values())
    numbers, text_ids = index.look_up(others)
    number_of = {}
    for place, text in enumerate(others):
        here = numbers[text_ids == place]
        assert len(here) == len(text) + 1
        expected = grams(text, size)
        assert all(number == ABSENT for number in here[len(expected) :])
        for gram, number in zip(expected, here, strict=False):
            assert (number != ABSENT) == (gram in held)
            if gram in held:
                assert number_of.setdefault(gram, number) == number
                assert index.frequency[number] == held[gram]
                holders = [i for i, text in enumerate(train) if gram in grams(text, size)]
                assert list(index.texts_with(number)) == holders
    assert len(set(number_of.values())) == len(number_of)
    counted = Counter(gram for text in others for gram in set(grams(text, size)) if gram in held)
    counts = frequency(numbers, text_ids, index.count)
    assert {gram: counts[number] for gram, number in number_of.items()} == counted
    assert counts.sum() == counted.total()


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(2, 16))
def test_a_text_of_n_different_words_has_n_minus_12_n_grams(lengths, size):
    texts = [[f"{text}-{word}" for word in range(length)] for text, length in enumerate(lengths)]
    index = NgramIndex(texts, size)
    assert index.count == sum(max(length - size + 1, 0) for length in lengths)
    assert index.texts == len(texts)
    assert np.all(index.frequency == 1)
