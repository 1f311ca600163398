"""A question with its choices, and without them."""

import pytest

from tms.data.choice_prompt import asked, choice_row
from tms.io.errors import InputError


def test_a_question_is_asked_as_lm_eval_asks():
    row = choice_row("q", " Which is warm?\nSay which. ", ["ice", "the Sun"], 1)
    assert asked(row) == "Question: Which is warm?\nSay which.\nAnswer:"
    assert asked(choice_row("q", "ice", ["ice", "ice"], 0)) == "Question: ice\nAnswer:"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"answer": "42"}, "row q: no question with choices"),
        ({"answer": "no JSON"}, "row q: no question with choices"),
        ({"answer": '{"texts": []}'}, "row q: no question with choices"),
        ({"answer": '{"texts": [1]}'}, "row q: no question with choices"),
        ({"problem": "Which?"}, "row q: no question with choices"),
        (choice_row("q", "Which?", ["a", " "], 0), "row q: choice 2 is empty"),
        ({"context": '[{"role": "user", "content": "Hi"}]'}, "row q: a conversation"),
    ],
)
def test_what_is_no_question_with_choices(change, words):
    with pytest.raises(InputError, match=words):
        asked(choice_row("q", "Which?", ["a", "b"], 0) | change)
