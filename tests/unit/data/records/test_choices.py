"""Gold answers of multiple-choice rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.data.records.choices import gold_index, options
from tms.data.records.values import Unusable

COLOURS = ["red", "green", "blue"]


@pytest.mark.parametrize(
    ("gold", "index"),
    [("green", 1), (" green ", 1), ("B", 1), ("b", 1), ("1", 1), (1, 1), (1.0, 1), (0, 0), ("C", 2)],
)
def test_a_text_a_letter_or_an_index(gold, index):
    assert gold_index(gold, COLOURS, COLOURS) == index


@pytest.mark.parametrize("gold", ["D", "3", 3, -1, 1.5, "yellow", "Green", "AB", "²", "01x", 10**30])
def test_what_names_none_is_a_fault(gold):
    with pytest.raises(Unusable, match="none of the 3 choices; write a letter from A to C, an index"):
        gold_index(gold, COLOURS, COLOURS)


@pytest.mark.parametrize("gold", [None, "", " ", True, float("nan"), ["A"]])
def test_what_is_no_gold_is_a_fault(gold):
    with pytest.raises(Unusable, match="the gold is"):
        gold_index(gold, COLOURS, COLOURS)


def test_two_readings_are_a_fault():
    with pytest.raises(Unusable, match=r"'1' may be option B or D; write the option's text, or its letter"):
        gold_index("1", ["0", "4", "2", "1"], ["0", "4", "2", "1"])
    with pytest.raises(Unusable, match="'A' may be option A or B"):
        gold_index("A", ["B", "A"], ["B", "A"])
    assert gold_index("2", ["0", "4", "2", "1"], ["0", "4", "2", "1"]) == 2  # its text and its index


def test_a_number_is_an_index_unless_the_options_are_numbers():
    assert gold_index(1, ["0", "4", "2", "1"], ["0", "4", "2", "1"]) == 1
    with pytest.raises(Unusable, match="may be option B or D"):
        gold_index(1, [0, 4, 2, 1], ["0", "4", "2", "1"])
    assert gold_index(4, [0, 4, 2, 1], ["0", "4", "2", "1"]) == 1


@given(st.lists(st.text("xyz ", min_size=1).filter(str.strip), min_size=2, max_size=26, unique_by=str.strip))
def test_every_option_is_found_by_its_text_its_letter_and_its_index(texts):
    for place, text in enumerate(texts):
        wanted = {place} | ({ord(text.strip().upper()) - 65} if len(text.strip()) == 1 else set())
        if len({number for number in wanted if number < len(texts)}) == 1:
            assert gold_index(text, texts, texts) == place
        assert gold_index(place, texts, texts) == place


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (["red"], "1 choices; write 2 to 26"),
        ([f"o{n}" for n in range(27)], "27 choices; write 2 to 26"),
        (["red", "red"], "two choices are equal ('red')"),
        (["red", ""], "the option 2 is empty"),
        (["red", {"text": "blue"}], "the option 2 is an object"),
        ("red or blue", "choices is 'red or blue', no list; write one, in CSV as JSON"),
        ({"text": ["a", "b"]}, "no list"),
        (None, "no list"),
    ],
)
def test_options_that_cannot_be_used(value, says):
    with pytest.raises(Unusable) as raised:
        options(value)
    assert says in str(raised.value)


def test_options_of_a_cell():
    assert options('["red", 2, 3.50]') == ["red", "2", "3.50"]
