"""The plain form of texts, and where one occurs in another."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tms.answers.plain_form import occurs, plain_form

TEXTS = st.text(alphabet=st.one_of(st.sampled_from("aB1 .,-'’:/%$+()\n\u0301\u200d￥ﬁ²北"), st.characters()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paris", " paris. "),
        ("**Paris**", "“Paris”!"),
        ("Don't panic", "dont panic"),
        ("e-mail", "E mail"),
        ("STRASSE", "straße"),
        ("ｆｕｌｌ　ｗｉｄｔｈ　１２", "full width 12"),
        ("ﬁne", "fine"),
        ("x=5", "x = 5"),
        ("a\u200bb", "ab"),
        ("−5", "-5"),
        ("**-5**", "-5"),
        ('"–5"', "-5"),
        ("covid-19", "COVID 19"),
        ("10-12", "10 12"),
        ("10€-12€", "10 € 12 €"),
        ("*.5*", ".5"),
        ("北京。", "北京"),
        ("cafe\u0301", "café"),
        ("हिन्दी", "हिन्दी।"),
    ],
)
def test_texts_that_differ_in_case_spaces_and_punctuation_are_equal(one, other):
    assert plain_form(one) == plain_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.5", "35"),
        ("3.5", "3 5"),
        ("-5", "5"),
        ("**-5**", "5"),
        ("x=-5", "x=5"),
        ("10^-5", "10^5"),
        ("$-5", "$5"),
        ("(3,-4)", "(3,4)"),
        ("–5", "5"),
        (".5", "5"),
        ("$.50", "$50"),
        ("-.5", "-5"),
        ("1,000", "1000"),
        ("12:30", "1230"),
        ("1/2", "12"),
        ("C++", "C"),
        ("C#", "C"),
        ("50%", "50"),
        ("The Who", "Who"),
        ("can't", "can"),
        ("हिन्दी", "हन्द"),
    ],
)
def test_texts_that_mean_something_else_are_not(one, other):
    assert plain_form(one) != plain_form(other)


@given(TEXTS)
@example("1'.5")
@example("-'5")
@example("a\u00ad\u0301")
@example("a\u0600-5")
@example("5%-.5")
def test_a_plain_form_is_its_own_plain_form(text):
    plain = plain_form(text)
    assert plain_form(plain) == plain
    assert plain == " ".join(plain.split())
    assert unicodedata.is_normalized("NFKC", plain)


@pytest.mark.parametrize(
    ("sought", "text", "found"),
    [
        ("paris", "it is paris now", True),
        ("paris", "comparison", False),
        ("paris", "parisian", False),
        ("5", "15 25 50", False),
        ("5", "-5", False),
        ("5", "3.5", False),
        ("5", ".5", False),
        ("5", "$ 5", True),
        ("new york", "in new york city", True),
        ("new york", "in new yorker", False),
        ("art", "party start art", True),
        ("北京", "答案是北京市", True),
        ("กรุงเทพ", "เมืองกรุงเทพมหานคร", True),
        ("a", "", False),
    ],
)
def test_it_occurs_at_the_borders_of_words(sought, text, found):
    assert occurs(sought, text) == found


@given(TEXTS, TEXTS, TEXTS)
def test_a_gold_answer_between_spaces_is_always_found(before, gold, after):
    if plain := plain_form(gold):
        # A minus sign and a point that begin a number belong to it, whatever stands before.
        assert occurs(plain, plain_form(f"{before} {plain} {after}"))
