"""Multiple choice: which label a completion answers with."""

import json

import pytest
from helpers.cpu_limit import cpu_limit
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.graders import choice
from tms.graders.choice import extract

LETTERS, TEXTS = list("ABCD"), ["Paris", "London", "A dog", "Vitamin C"]
TEN, TEN_TEXTS = list("ABCDEFGHIJ"), [f"reason number {i}" for i in range(10)]
DIGITS = list("1234")
GOLD = json.dumps({"label": "C", "labels": LETTERS, "texts": TEXTS})


@pytest.mark.parametrize(
    "completion",
    [
        "answer: C",
        "The answer is (C).",
        "**Answer: C**",
        "Answer: **C**",
        "answer: C. A dog",
        "answer: C) A dog",
        "answer: C - A dog",
        "answer: (C) A dog",
        "answer: c",
        "answer:\nC",
        "Final Answer:\n\n**C**",
        "Answer: $C$",
        "Answer: \\(C\\)",
        "\\boxed{C}",
        "$\\boxed{\\text{C}}$",
        "\\boxed{\\text{(C) A dog}}",
        "C",
        "(C)",
        "[C]",
        "C. A dog",
        "The correct answer is C because it is.",
        "So the best option is C.",
        "I choose option C",
        "The answer is letter C",
        "The answer to the question is C.",
        "The answer is A dog.",
        "answer: A dog",
        "A dog",
        "answer: A\nWait. answer: C",
        "The answer is not A. The answer is C.",
        "A: no. B: no. C: yes. So the answer is C",
        "The answer is C.\n\nOption A is wrong since Paris. Option B is wrong.",
        "**Answer:** C) A dog\n\nExplanation: A is Paris, B is London.",
        "The answer is C (A dog), not D",
        "The answer is C, A dog",
        "It must be C, as I said.",
        "The answer is C. The worst option is B.",
        "The wrong answer is A. So: C",
        "Hence the answer is (C). (A, B) and (B, C) only.",
        "A. Paris - no.\nB. London - no.\n\nThe correct answer is:\n\nThe answer is C.",
        "A. Paris - no.\nC. A dog - yes.\n\nThe correct answer is:\n\n**C**",
        "The answer is definitely C, not A",
        "I think it is C, not B",
        "Among the options, (C) is the best; (A) is wrong.",
        "A and B are wrong. C is the right one. Option D fails because of X.",
        "C A dog\nas said",
        "因此，选项C是正确的，B是错的",
        "我选择C因为B不对",
        "C。不是B",
        "C.一只狗",
        "A cat is not a dog. So I choose C.",
        "I think it is (C).",
        "答案：C",
        "答案是C。",
        "选C",
        "（C）",
    ],
)
def test_the_label_is_found(completion):
    assert extract(completion, LETTERS, TEXTS) == "C"


@pytest.mark.parametrize(
    "completion",
    [
        "",
        "answer:",
        "answer: E",
        "answer: (Z)",
        "answer: 3",
        "The answer is All of the above",
        "I don't know",
        "A good question.",
        "It is a dog in A house",
        "answer: A and B",
        "answer: A or C",
        "answer: A, B, or C",
    ],
)
def test_no_single_label_of_the_row_is_no_answer(completion):
    assert extract(completion, LETTERS, TEXTS) == ""


@pytest.mark.parametrize(
    "completion, label",
    [
        ("The answer is A because of it", "A"),
        ("The answer is A.", "A"),
        ("answer: a", "A"),
        ("answer: A Paris", "A"),
        ("The answer is a dog", "C"),
        ("The answer is a cat", ""),
    ],
)
def test_a_is_an_article_and_a_label(completion, label):
    assert extract(completion, LETTERS, TEXTS) == label


@pytest.mark.parametrize(
    "completion, label",
    [
        ("the answer is I.", "I"),
        ("answer: I", "I"),
        ("I think the answer is I", "I"),
        ("I think that (I) holds", "I"),
        ("I am not sure. I would say J", "J"),
        ("answer: I think B", "B"),
        ("I believe that I can't", ""),
        ("The answer is reason number 7", "H"),
        ("answer: K", ""),
    ],
)
def test_i_is_a_pronoun_and_a_label(completion, label):
    assert extract(completion, TEN, TEN_TEXTS) == label


@pytest.mark.parametrize(
    "completion, label",
    [
        ("answer: 3", "3"),
        ("The answer is (3).", "3"),
        ("3", "3"),
        ("3. A dog", "3"),
        ("The answer is 4 because", "4"),
        ("answer: A dog", "3"),
        ("answer: C", ""),
        ("answer: 35", ""),
        ("answer: 3.5", ""),
        ("answer: 2 apples", ""),
        ("There are 3 dogs in 2 houses", ""),
        ("1. first\n2. second\n3. third", ""),
    ],
)
def test_digits_as_labels(completion, label):
    assert extract(completion, DIGITS, TEXTS) == label


def test_two_options_with_one_text_are_not_told_apart_by_it():
    assert extract("answer: same", ["A", "B", "C"], ["same", "Same", "other"]) == ""
    assert extract("answer: other", ["A", "B", "C"], ["same", "Same", "other"]) == "C"


def test_the_gold_label_scores_1():
    assert choice.METRIC == "accuracy"
    assert choice.grade("answer: C", GOLD).score == 1
    assert choice.grade("answer: B", GOLD).score == 0
    assert choice.grade("", GOLD) == choice.grade("nothing", GOLD)


@settings(max_examples=150)
@given(st.text(max_size=300) | st.text("ABCDI1234 .:()answeri\n\\boxed{}", max_size=200))
def test_no_text_raises(text):
    for labels in (LETTERS, DIGITS):
        assert extract(text, labels, TEXTS) in [*labels, ""]


@settings(max_examples=100)
@given(
    padding=st.text("ABCDI(). aeio\n:", max_size=200),
    label=st.sampled_from(TEN),
    form=st.sampled_from(
        ["answer: {}", "The answer is ({}).", "**Answer: {}**", "answer: {}.", "answer: {}\n"]
    ),
)
def test_what_stands_before_a_stated_label_changes_nothing(padding, label, form):
    assert extract(f"{padding}\n{form.format(label)}", TEN, TEN_TEXTS) == label


@pytest.mark.parametrize(
    "text", ["answer is " * 100_000, "A " * 500_000, "(A" * 300_000, "option " * 100_000]
)
def test_a_very_long_text_takes_no_time(text):
    with cpu_limit(3):
        assert extract(text, LETTERS, TEXTS) in ("", "A")
