"""ANLS: published examples, the formula with another Levenshtein distance, and what may not pay."""

import json

import pytest
from helpers.cpu_limit import cpu_limit
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics.distance import edit_distance

from tms.graders import anls
from tms.io.errors import InputError


def score(completion, *golds):
    return anls.grade(completion, json.dumps(golds)).score


@pytest.mark.parametrize(
    ("completion", "expected"),
    # The table of the Robust Reading Competition (https://rrc.cvc.uab.es/?ch=11&com=tasks), to two digits.
    [("The Coca", 0), ("CocaCola", 0.89), ("Coca cola", 1), ("Cola", 0), ("Cat", 0)],
)
def test_published_examples(completion, expected):
    assert round(score(completion, "Coca Cola", "Coca Cola Company"), 2) == expected


@pytest.mark.parametrize(
    ("completion", "golds", "expected"),
    [
        ("ab", ["ac"], 0.5),  # the threshold itself counts, as in the scorer
        ("abc", ["axy"], 0),
        ("7 May", ["May 7", "7  MAY\n"], 1),
        ("The answer is 7 May.", ["7 May"], 0),  # the whole completion is the answer
        ("7 may.", ["7 May"], 1 - 1 / 6),
        ("cat", ["c  at"], 1 - 1 / 5),  # a gold answer's own spaces are in the official length
        ("", ["7 May"], 0),
        (" \n", ["", "7 May"], 1),
        ("strase", ["straße"], 1 - 1 / 7),  # in upper case a gold answer may be longer
    ],
)
def test_rules(completion, golds, expected):
    assert score(completion, *golds) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("wrong", ["zzzzz" + " " * 1_000, " " * 1_000, "ΐΐΐΐΐ", "ßßßßß"])
def test_what_makes_the_official_length_longer_does_not_pay(wrong):
    assert score(wrong, "7 May") == 0


TEXT = st.text("abC .1é", max_size=12)


@given(TEXT, st.lists(TEXT, min_size=1, max_size=4).filter(lambda golds: any(map(str.strip, golds))))
def test_the_official_formula_with_nltks_distance(completion, golds):
    # The scorer's formula (as in lmms-eval 0.7.3, lmms_eval/api/metrics.py), of a text without spare spaces.
    stated = " ".join(completion.split())
    shares = []
    for gold in golds:
        length = max(len(gold), len(stated))
        steps = edit_distance(" ".join(gold.lower().split()), stated.lower())
        shares.append(steps / length if length else 0)
    best = 1 - min(shares)
    assert score(completion, *golds) == pytest.approx(best if best >= 0.5 else 0)


@settings(max_examples=200)
@given(st.text("abcd", max_size=90), st.text("abcd", max_size=90))
def test_the_distance_is_nltks(text, other):
    assert anls.distance(text, other) == anls.distance(other, text) == edit_distance(text, other)


@given(
    st.text(), st.lists(st.text(), min_size=1, max_size=3).filter(lambda golds: any(map(str.strip, golds)))
)
def test_any_text_has_a_score(completion, golds):
    found = score(completion, *golds)
    assert found == 0 or 0.5 <= found <= 1
    assert score(completion, *reversed(golds)) == found
    assert score(f"\t{completion.upper().lower()} ", *golds) == score(completion.upper().lower(), *golds)
    assert score(golds[0], *golds) == 1


def test_a_million_signs():
    with cpu_limit(5):
        assert score("a" * 1_000_000, "a" * 400) == 0
        assert score("ab" * 4_000, "ba" * 4_000) == 1 - 2 / 8_000


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("7 May", "is no JSON"),
        ('"7 May"', "no list of texts"),
        ("[7]", "no list of texts"),
        ('["7 May", null]', "no list of texts"),
        ("[]", "has no text"),
        ('["", " "]', "not public"),
        ("[" * 100_000, "longer than"),
        ("[" * 9_999, "is no JSON"),
        ('{"a": 1, "a": 2}', "key 'a' stands twice"),
    ],
)
def test_gold_answers_of_another_form_are_named(answer, words):
    with pytest.raises(InputError, match=words):
        anls.read_gold(answer)
