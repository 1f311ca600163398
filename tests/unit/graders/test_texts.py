"""Graders that compare whole texts: none, exact, normalised, contains, f1, rouge."""

import collections
import gzip
import json
import re
import string
from itertools import islice

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.cpu_limit import cpu_limit
from hypothesis import given
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from tms.answers.plain_form import plain_form
from tms.graders import contains, exact, f1, none, normalised, rouge
from tms.io.errors import InputError


def test_none_has_no_score_and_no_failure():
    grade = none.grade("anything", "gold")
    assert (grade.score, grade.extracted, grade.also, grade.failure) == (None, "", {}, "")
    assert none.METRIC is None


@pytest.mark.parametrize(
    ("completion", "gold", "score"),
    [
        ("Paris", "Paris", 1),
        (" Paris\n", "Paris ", 1),
        ("paris", "Paris", 0),
        ("Paris.", "Paris", 0),
        ("", "", 1),
    ],
)
def test_exact(completion, gold, score):
    assert exact.grade(completion, gold).score == score


@pytest.mark.parametrize(
    ("completion", "gold", "score"),
    [
        ("**paris**!", "Paris", 1),
        ("It is Paris", "Paris", 0),
        ("the Beatles", "Beatles", 0),
        ("3.5", "35", 0),
        ("", "Paris", 0),
    ],
)
def test_normalised(completion, gold, score):
    assert normalised.grade(completion, gold).score == score


@pytest.mark.parametrize(
    ("completion", "gold", "score"),
    [
        ("The capital is Paris, of course.", "Paris", 1),
        ("A comparison", "Paris", 0),
        ("It costs $5.", "5", 1),
        ("It costs $15.50.", "5", 0),
        ("Reset it under Settings -> Account.", "settings > account", 1),
        ("Reset it under Settings, Account.", "settings > account", 0),
        ("", "Paris", 0),
    ],
)
def test_contains(completion, gold, score):
    assert contains.grade(completion, gold).score == score


@pytest.mark.parametrize("grader", [normalised, contains])
def test_a_gold_answer_without_a_word_would_accept_what_says_nothing(grader):
    with pytest.raises(InputError, match="has no word"):
        grader.grade("???", "...!")


# SQuAD's evaluate-v2.0.py (https://rajpurkar.github.io/SQuAD-explorer/), its functions as published.
def normalize_answer(s):
    """Lower text and remove punctuation, articles and extra whitespace."""

    def remove_articles(text):
        regex = re.compile(r"\b(a|an|the)\b", re.UNICODE)
        return re.sub(regex, " ", text)

    def white_space_fix(text):
        return " ".join(text.split())

    def remove_punc(text):
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    def lower(text):
        return text.lower()

    return white_space_fix(remove_articles(remove_punc(lower(s))))


def get_tokens(s):
    return normalize_answer(s).split() if s else []


def compute_f1(a_gold, a_pred):
    gold_toks = get_tokens(a_gold)
    pred_toks = get_tokens(a_pred)
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        return int(gold_toks == pred_toks)
    if num_same == 0:
        return 0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


WORDS = st.lists(
    st.sampled_from(["the", "The", "a", "an", "Paris", "paris,", "is", "42", "a-b", ".", "yes", "北京"]),
    max_size=8,
)


@given(WORDS.map(" ".join), WORDS.map(" ".join))
def test_f1_is_squads(completion, gold):
    grade = f1.grade(completion, gold)
    assert grade.score == compute_f1(gold, completion)
    assert grade.also == {"em": [int(normalize_answer(gold) == normalize_answer(completion))]}


@given(st.text(), st.text())
def test_f1_of_any_texts_is_squads(completion, gold):
    assert f1.grade(completion, gold).score == compute_f1(gold, completion)


def test_f1_of_a_longer_answer():
    # 3 of 4 words are in the gold answer of 5: P = 3/4, R = 3/5.
    assert f1.grade("Click reset password twice", "reset the password: click 'Forgot password'").score == (
        pytest.approx(2 * (3 / 4) * (3 / 5) / (3 / 4 + 3 / 5))
    )


@pytest.mark.parametrize(
    ("completion", "gold", "score"),
    [
        # Lin (2004), of "police killed the gunman": a subsequence of 3 (P = R = 3/4), and of 2; no stemming.
        ("police kill the gunman", "police killed the gunman", 3 / 4),
        ("the gunman kill police", "police killed the gunman", 2 / 4),
        ("the gunman police killed", "police killed the gunman", 2 / 4),
        # Lin (2004), Section 3: w1 w2 w3 w4 w5 against w1 w2 w6 w7 w8: P = R = 2/5.
        ("w1 w2 w6 w7 w8", "w1 w2 w3 w4 w5", 2 / 5),
        # P = 3/3, R = 3/6.
        ("a c e", "a b c d e f", 2 / 3),
        ("The CAT sat!", "the cat, sat", 1),
        ("", "the cat", 0),
        ("北京", "the cat", 0),
    ],
)
def test_rouge_l(completion, gold, score):
    assert rouge.METRIC == "rouge_l"
    assert rouge.grade(completion, gold).score == pytest.approx(score)


@given(WORDS.map(" ".join), WORDS.map(lambda words: " ".join(["gold", *words])))
def test_rouge_is_the_package_s(completion, gold):
    expected = rouge_scorer.RougeScorer(["rougeL"]).score(target=gold, prediction=completion)["rougeL"]
    assert rouge.grade(completion, gold).score == expected.fmeasure


def test_rouge_sees_no_words_in_other_scripts():
    with pytest.raises(InputError, match="no word to ROUGE"):
        rouge.grade("北京", "北京")


# A million signs of what a model may write without end, and gold answers that each grader can read.
LONG = [
    "a" * 1_000_000,
    "the gold " * 111_111,
    "., " * 333_333,
    "5-" * 500_000,
    "\u0301\u0300" * 500,
    "ﷺ" * 50_000,
]


@pytest.mark.parametrize("text", LONG)
def test_a_very_long_completion_takes_bounded_work(text):
    with cpu_limit(10):  # of a row
        for grader in (exact, normalised, contains, f1, rouge):
            assert 0 <= grader.grade(text, "the gold answer").score < 0.1


def test_rouge_of_two_long_texts_takes_bounded_work():
    with cpu_limit(3):
        assert rouge.grade("the cat " * 8000, "the dog " * 2000).score == pytest.approx(
            2000 / 10_000, rel=1e-9
        )
        assert rouge.grade("the cat " * 250_000, "a dog " * 100).score == 0


@needs_data
def test_real_answers():
    """HotpotQA's gold answers, alone and in a sentence, and that of another question."""
    with gzip.open(DATA / "hotpotqa" / "dev_questions_only.jsonl.gz", "rt") as lines:
        golds = [json.loads(line)["answer"] for line in islice(lines, 2000)]
    for gold, other in zip(golds, [*golds[1000:], *golds[:1000]], strict=True):
        for grader in (exact, normalised, contains, f1):
            assert grader.grade(f" {gold}\n", gold).score == 1, gold
        assert normalised.grade(f"**{gold.upper()}**.", gold).score == 1, gold
        assert contains.grade(f"The answer is “{gold}”, I think.", gold).score == 1, gold
        same = plain_form(gold) == plain_form(other)
        assert (
            normalised.grade(other, gold).score
            == exact.grade(plain_form(other), plain_form(gold)).score
            == same
        )
        if gold.isascii():
            assert rouge.grade(gold, gold).score == 1, gold
