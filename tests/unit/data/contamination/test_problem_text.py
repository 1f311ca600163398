"""Normalised problem texts: what counts as equal, and what must not."""

import pytest
from helpers.cpu_limit import cpu_limit

from tms.data.contamination.problem_text import exact_forms, split_options, tokens, words

EQUAL = [
    ("What is  it?\n", "what is it"),
    ("Café ﬁne", "CAFE\u0301 fine"),
    (r"$\dfrac{1}{2}$ of $x^{2}$", r"\frac12 of \( x^2 \)"),
    (r"$\left( a,\, b \right)$", "(a, b)"),
    (r"\$1,\!000 or \$1{,}000", "$1000 or 1,000"),
    (r"$10\text{ cm}$", "$10$ cm"),
    ("a well-known fact — this one", "a well known fact, this one"),
    ("x − 3", "x - 3"),
    ("“Quoted”, isn’t it?", '"Quoted", isn\'t it'),
    ("**Bold** words", "bold words"),
    ("Which?\nA. one\nB. two", "Which?\n(A) one\n(B) two"),
    ("Which?\nA. one\nB. two", "Which?\none\ntwo"),
]
DIFFERENT = [
    ("x + 3", "x - 3"),
    ("cos (-150)", "cos 150"),
    (r"\frac{1}{23}", r"\frac{12}{3}"),
    ("3.5", "35"),
    ("1, 200", "1200"),
    ("2x < 3", "2x > 3"),
    ("countdown 2 3 5 -> 11", "countdown 2 3 51 -> 1"),
    ("天空是什么颜色", "天空是什么颜包"),
]


@pytest.mark.parametrize("one, other", EQUAL)
def test_equal(one, other):
    assert exact_forms(one).whole == exact_forms(other).whole
    assert words(one) == words(other)


def test_spacing_between_a_number_and_a_letter():
    assert exact_forms(r"$3\,x$ cm").whole == exact_forms("3x cm").whole


@pytest.mark.parametrize("one, other", DIFFERENT)
def test_different(one, other):
    assert exact_forms(one).whole != exact_forms(other).whole


def test_options_in_another_order_are_the_same_question():
    one, other = exact_forms("Which?\nred\nblue\ngreen"), exact_forms("Which?\ngreen\nred\nblue")
    assert one.any_order == other.any_order and one.whole != other.whole
    assert one.any_order != exact_forms("Which?\nred\nblue\nblack").any_order


def test_the_question_without_its_options_is_among_the_forms():
    options = "\n".join(f"option {number}" for number in range(4))
    forms = exact_forms(f"Which of these is it?\n{options}")
    assert exact_forms("Which of these is it?").whole in forms.questions
    assert exact_forms("Which of these is it?").questions == frozenset()
    assert not exact_forms("A problem\nin two lines").questions


def test_labels_must_count_up():
    assert split_options("Sum:\nA. 1\nB. 2\nmore\nC. 3") == ("Sum:", ["1", "2 more", "3"])
    for text in ("A. 1\nC. 2", "A. single", "3. three\n4. four", "no options"):
        assert split_options(text) == (text, [])
    assert split_options("x\n1) a\n2) b") == ("x", ["a", "b"])


def test_words_are_letters_and_numbers():
    assert words(r"Let $f(x) = 2x^{3} - 1.5$.") == "let f x 2x 3 1.5"
    assert words("w12 x_1 1,000 don't") == "w12 x 1 1000 don t"
    assert tokens("中文 text") == ["中", "文", "text"]


def test_a_text_without_words_stands_for_itself():
    assert exact_forms("?!").whole != exact_forms("...").whole
    assert exact_forms("?!").whole == exact_forms(" ?! ").whole


@pytest.mark.parametrize(
    "piece", ["- ", " " * 50, "\\", "{", "a-", "1,", "A. x\n", "\n", "frac", "\u0301", "**", "B. y\nA. x\n"]
)
def test_hostile_text_takes_linear_time(piece):
    with cpu_limit(3):
        exact_forms(piece * (200_000 // len(piece)))
