"""HotpotQA: the official metrics on cases worked out by hand, and where the answer stands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.graders import qa
from tms.graders.qa import exact_match, extract, f1, normalise


@pytest.mark.parametrize(
    "prediction, gold, em, score",
    [
        ("Paris", "paris", 1, 1),
        ("The Beatles!", "beatles", 1, 1),
        ("an apple, a pear", "apple pear", 1, 1),
        ("Barack Obama", "Obama", 0, 2 / 3),
        ("in the city of Paris", "Paris", 0, 2 / 5),  # "the" goes
        ("red red blue", "red blue blue", 0, 2 / 3),
        ("yes", "yes", 1, 1),
        ("yes, it is", "yes", 0, 0),
        ("yes it is", "it is", 0, 2 * 2 / 5),
        ("no", "no way", 0, 0),
        ("noanswer", "Paris", 0, 0),
        ("London", "Paris", 0, 0),
        ("", "Paris", 0, 0),
    ],
)
def test_the_official_metrics(prediction, gold, em, score):
    assert exact_match(prediction, gold) == em
    assert f1(prediction, gold) == pytest.approx(score)


@pytest.mark.parametrize(
    "completion, found",
    [
        ("The city is old.\nanswer: Paris", "Paris"),
        ("Answer: **Paris**", "Paris"),
        ("**Answer:** Paris", "Paris"),
        ("**Answer:**\n\nParis", "Paris"),
        ("answer: London\nNo. answer: Paris\nThat is all.", "Paris"),
        ("He was born there.\nParis", "Paris"),
        ("So the answer is Paris", "Paris"),
        ("The answer is not London but Paris.", "not London but Paris"),  # `affirmed` takes the denial off
        ("\\boxed{Paris}", "Paris"),
        ("answer: \\boxed{Paris}", "Paris"),
        ("answer: $\\text{New York}$", "New York"),
        ("\\boxed{\\text{New York}}", "New York"),
        ('answer: "Paris"', "Paris"),
        ("answer:", ""),
        ("", ""),
    ],
)
def test_where_the_answer_stands(completion, found):
    assert extract(completion) == found


@pytest.mark.parametrize(
    "offer",
    [
        "answer: Paris or London",
        "The answer is Paris\nor London.",
        "<answer>Paris\nor\nLondon</answer>",
        "Paris\nor\nLondon",
        "\\boxed{Paris} or \\boxed{London}",
        "answer: Paris (maybe London)",
        "answer: Paris and also London",
        "answer: Paris versus London",
        "answer: somewhere between Paris and London",
        "answer: Paris, alternatively London",
    ],
)
def test_two_offered_values_score_0(offer):
    for gold in ("Paris", "London"):
        assert qa.grade(offer, gold).score == 0


@pytest.mark.parametrize("gold", ["Kramer vs. Kramer", "Perhaps Love", "Either/Or", "Do or Die", "AC/DC"])
def test_a_gold_answer_with_a_connective_is_one_value(gold):
    assert qa.grade(f"answer: {gold}", gold).score == 1


def test_the_grader_gives_f1_and_exact_match():
    assert qa.METRIC == "f1"
    assert qa.grade("The answer is not London but Paris.", "Paris").score == 1
    grade = qa.grade("answer: Barack Obama", "Obama")
    assert grade.score == pytest.approx(2 / 3)
    assert grade.also == {"em": [0.0]}
    assert qa.grade("", "Obama").also == {"em": [0.0]}


@settings(max_examples=150)
@given(st.text(max_size=200), st.text(max_size=40))
def test_any_text_has_a_score(completion, gold):
    grade = qa.grade(completion, gold)
    assert 0 <= grade.score <= 1
    assert grade.also["em"][0] <= grade.score or not normalise(gold)


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(["the", "Paris", "is", "42", "a-b", "."]), min_size=1, max_size=6).map(" ".join)
)
def test_every_gold_is_right_in_every_form(gold):
    for form in ("answer: {}", "Some text.\nAnswer: **{}**", "answer: {}."):
        grade = qa.grade(form.format(gold), gold)
        assert grade.also == {"em": [1.0]}
        assert grade.score == (1 if normalise(gold) else 0)
