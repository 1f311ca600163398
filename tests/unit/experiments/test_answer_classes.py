"""Classes of equal answers: what is one answer, what is two, and what an answer may cost."""

import signal
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.answers.math import equal
from tms.experiments import answer_classes
from tms.experiments.answer_classes import NO_ANSWER, canonical, canonical_all, response_class
from tms.graders.countdown import evaluate
from tms.grading.worker import Limits

SAME = [
    [
        "1/2",
        r"\frac{1}{2}",
        r"\frac12",
        "0.5",
        "0.50",
        r"$\dfrac{1}{2}$",
        "x = 0.5",
        "2^{-1}",
        r"\frac{\sqrt{4}}{4}",
    ],
    ["1000", "1,000", r"1{,}000", "1000 dollars", "10^3"],
    [r"2\sqrt{3}", r"\sqrt{12}", r"\frac{6}{\sqrt{3}}"],
    [r"\frac{\pi}{2}", r"0.5\pi", "π/2"],
    [r"\{1, 2\}", "2, 1", r"1 \text{ or } 2", "1,2"],
    ["(x+1)^2", "x^2 + 2x + 1", "1+2x+x^2", "y = (x+1)(x+1)"],
    [r"\frac{3+x}{x}", r"1+\frac{3}{x}"],
    [r"(-\infty, 3) \cup (4, 5]", r"x \in (4,5] \cup (-\infty,3)"],
    [r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} \frac{2}{2} \\ 2 \end{pmatrix}"],
    ["x > 3", "3 < x"],
    ["a=1, b=2; a=3, b=4", r"b = 4, a = 3 \text{ or } a = 1, b = \frac{4}{2}"],
    [r"2\frac{1}{2}", "2½", "2 1/2", "２.5"],
    ["12000", "12 000", "1.2e4"],
    [r"\text{even}", "even", "Even"],
]


@pytest.mark.parametrize("texts", SAME, ids=lambda texts: texts[0])
def test_spellings_of_one_answer_are_one_class(texts):
    assert len({canonical("math", text) for text in texts}) == 1


def test_different_answers_are_different_classes():
    texts = [texts[0] for texts in SAME]
    texts += [
        "(1, 2)",
        "[1, 2)",
        "[1, 2]",
        "3",
        "3:1",
        "12_5",
        "12",
        "11:30",
        "11",
        "x+2",
        "a=1, b=4; a=3, b=2",
        r"\text{veen}",
        "-1/2",
    ]
    assert len({canonical("math", text) for text in texts}) == len(texts)


@given(st.fractions(max_denominator=1000).filter(lambda value: abs(value) < 10**6))
def test_a_fraction_has_one_class_however_it_is_written(value):
    numerator, denominator = value.numerator, value.denominator
    sign = "-" if value < 0 else ""
    forms = {f"{numerator}/{denominator}", rf"{sign}\frac{{{abs(numerator)}}}{{{denominator}}}"}
    forms |= {rf"{sign}\frac{{{3 * abs(numerator)}}}{{{3 * denominator}}}"}
    assert {canonical("number", form) for form in forms} == {str(value)}


@pytest.mark.parametrize("texts", SAME, ids=lambda texts: texts[0])
def test_one_class_is_one_answer_to_the_grader_too(texts):
    assert all(equal(texts[0], text) for text in texts if "y =" not in text)


def test_no_answer_is_a_class_of_its_own():
    for grader in ("math", "countdown", "chain", "choice"):
        assert canonical(grader, " ") == NO_ANSWER
        assert canonical(grader, "0") != NO_ANSWER


def test_expressions_that_differ_in_their_tree_are_different_answers():
    same = ["3 * 4 + 2", "3*4+2", "(3*4) + 2", "((3 * (4))+2)"]
    assert {canonical("countdown", text) for text in same} == {"3 * 4 + 2"}
    others = ["2 + 3 * 4", "4 * 3 + 2", "3 * (4 + 2)", "3 + 4 * 2"]
    assert len({canonical("countdown", text) for text in others + same}) == 5


@given(st.text(alphabet="0123456789+-*/() ", max_size=25))
def test_an_expressions_class_has_its_value_and_is_its_own_class(text):
    found = canonical("countdown", text)
    assert canonical("countdown", found) == found
    assert evaluate(found) == evaluate(text.strip())


def test_chains_are_integers_and_other_answers_are_texts():
    assert canonical("chain", "007") == canonical("chain", "7") == "7"
    assert canonical("chain", "0") == canonical("chain", "00") == "0"
    assert canonical("choice", " C ") == "C"


def test_responses_are_equal_where_their_words_are():
    assert response_class("One  poem.\n") == response_class("One poem.")
    assert len({response_class(text) for text in ("One poem.", "One poem", "one poem.", " ")}) == 4
    assert response_class(" \n") == NO_ANSWER


def test_all_classes_at_once_are_those_of_each():
    texts = {text for texts in SAME for text in texts} | {""}
    assert canonical_all("math", texts, 2) == {text: canonical("math", text) for text in texts}
    assert canonical_all("chain", {"01", ""}, 1) == {"01": "1", "": ""}
    assert canonical_all("math", set(), 2) == {}


EXPANDS = "(x+y+z)^{999}"  # half a million terms


def swallows(value):
    """As C code and callbacks do, which take whatever is raised."""
    while True:
        with suppress(BaseException):
            pass


def test_an_answer_that_takes_too_long_is_compared_as_text(monkeypatch, capfd):
    usual = answer_classes._form
    monkeypatch.setattr(
        answer_classes, "_form", lambda value: (swallows if "999" in str(value) else usual)(value)
    )

    def raises(*signal_details):  # workers inherit a handler; sympy or `except` would swallow what it raises
        raise RuntimeError

    before = signal.signal(signal.SIGTERM, raises)
    try:
        found = canonical_all("math", {"(1,2)", r"\sqrt{8}", EXPANDS, "x+x"}, 2, limits=Limits(cpu=0.5))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert found == {
        "(1,2)": canonical("math", "(1,2)"),
        EXPANDS: EXPANDS,
        r"\sqrt{8}": canonical("math", r"2\sqrt{2}"),
        "x+x": "2*x",
    }
    told = "classes of math answers: of 4 rows 1 used up their own CPU seconds or memory\n"
    assert told in capfd.readouterr().err
