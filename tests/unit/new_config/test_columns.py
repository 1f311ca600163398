"""Columns guessed from their names, and as a user names them."""

import pytest

from tms.io.errors import InputError
from tms.new_config import columns


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("id", "question", "answer"), {"prompt": "question", "answer": "answer"}),
        (("Instruction", "input", "Output"), {"prompt": "Instruction", "answer": "Output"}),
        (("prompt", "completion"), {"prompt": "prompt", "answer": "completion"}),
        (("input", "target"), {"prompt": "input", "answer": "target"}),
        (("conversations", "id"), {"messages": "conversations"}),
        (("messages", "prompt", "id"), {"messages": "messages"}),
        (("messages", "prompt", "response"), {"prompt": "prompt", "answer": "response"}),
        (("a", "b"), {}),
        (("prompt", "b"), {}),
    ],
)
def test_guesses(names, found):
    assert columns.guess(names, False) == found


def test_options_are_read_where_the_grader_needs_them():
    names = ("question", "options", "answer")
    assert columns.guess(names, True)["choices"] == "options"
    assert "choices" not in columns.guess(names, False)


def test_columns_beside_a_guessed_prompt():
    for names in (("instruction", "input", "output"), ("Instruction", "context", "response")):
        assert columns.left_out(names, columns.guess(names, False)) == [names[1]]
    for names in (("prompt", "input", "answer"), ("input", "output"), ("id", "question", "reply")):
        assert columns.left_out(names, columns.guess(names, False)) == []
    assert columns.left_out(("messages", "context"), {"messages": "messages"}) == []


def test_named_columns():
    assert columns.read("prompt: q, answer: 'the answer'") == {"prompt": "q", "answer": "the answer"}
    assert columns.read("{messages: chat}") == {"messages": "chat"}


@pytest.mark.parametrize("text", ["prompt", "prompt: 1", "[a]", "prompt: q, answer: {", "", "&a [*a]"])
def test_other_texts_are_one_line(text):
    with pytest.raises(InputError, match=r"COLUMNS=.*: write e.g. COLUMNS=") as caught:
        columns.read(text)
    assert "\n" not in str(caught.value)
