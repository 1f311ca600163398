"""The likeliest choice of a model, against numbers by hand, NumPy's and SciPy's."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from tms.answers.likelihood import first_largest, grade, probability


def gold(label, texts):
    labels = list("ABCDEFGHIJ"[: len(texts)])
    return json.dumps({"label": label, "labels": labels, "texts": texts})


def test_each_metric_divides_by_another_length():
    # Nats: -6, -7, -12; a character: -1.5, -2.33, -1.2; a byte ("é" has two): -1.5, -1.167, -1.2.
    texts = ["cold", "ééé", "very warm!"]
    for label, expected in {"A": (1, 0, 0), "B": (0, 0, 1), "C": (0, 1, 0)}.items():
        found = grade([-6.0, -7.0, -12.0], gold(label, texts))
        assert (found.score, *found.also["acc_norm"], *found.also["acc_bytes"]) == expected
        assert found.extracted == "A" and found.failure == ""


def test_of_equal_ones_the_first_counts():
    assert first_largest([-2.0, -1.0, -1.0]) == 1
    same = grade([-3.0, -3.0], gold("B", ["yes", "yes"]))
    assert (same.score, same.also) == (0.0, {"acc_norm": [0.0], "acc_bytes": [0.0], "probability": [0.5]})


def test_the_probability_of_the_right_choice_by_hand():
    # Probabilities 1/2, 1/4 and 1/8 of all texts: 4/7, 2/7 and 1/7 of the three.
    logprobs = [-np.log(2), -np.log(4), -np.log(8)]
    for label, share in {"A": 4 / 7, "B": 2 / 7, "C": 1 / 7}.items():
        assert grade(logprobs, gold(label, ["a", "b", "c"])).also["probability"] == [pytest.approx(share)]
    # Of two choices it is the logistic function of the margin, which no length of the text changes.
    assert probability([-300.0, -302.0], 0) == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert probability([-3e5, -1.0], 0) == 0.0 and probability([-1.0, -3e5], 0) == 1.0


CHOICES = st.lists(st.tuples(st.text(min_size=1), st.integers(-40, 0)), min_size=2, max_size=10)


@settings(max_examples=50)
@given(CHOICES, st.data())
def test_the_choice_is_numpy_s(choices, data):
    """As lm-eval computes it, on whole nats, so that ties come up."""
    texts, logprobs = zip(*choices, strict=True)
    right = data.draw(st.integers(0, len(texts) - 1))
    lengths = [[1] * len(texts), list(map(len, texts)), [len(text.encode()) for text in texts]]
    found = grade(logprobs, gold("ABCDEFGHIJ"[right], list(texts)))
    assert [found.score, *found.also["acc_norm"], *found.also["acc_bytes"]] == [
        float(np.argmax(np.array(logprobs) / by) == right) for by in lengths
    ]
    assert found.also["probability"] == [pytest.approx(softmax(logprobs)[right])]
