"""Conversations: their turns, and what is wrong with them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.data.contamination.overlap import ExactMatcher
from tms.data.records.conversations import roles, turns


def talk(*roles, system=None):
    """A conversation with these roles, u or a, and a text for each."""
    names = {"u": "user", "a": "assistant", "s": "system"}
    messages = [{"role": "system", "content": system}] if system else []
    return messages + [
        {"role": names.get(role, role), "content": f"{role}{number}"} for number, role in enumerate(roles, 1)
    ]


def read(messages, every=False):
    faults = []
    return turns(messages, every, faults.append), faults


def test_the_last_turn():
    (turn,), faults = read(talk("u", "a", "u", "a", system="Be brief."))
    assert not faults
    assert json.loads(turn.context) == talk("u", "a", system="Be brief.")
    assert (turn.prompt, turn.answer, turn.problem) == ("u3", "a4", "u1 u3")


def test_equal_messages_of_the_user_fall_together():
    made = [read(talk("u", "a", "u", "a", system=system))[0][0] for system in (None, "Be brief.", "Be long.")]
    assert len({turn.context for turn in made}) == 3 and {turn.key for turn in made} == {"u1 u3"}


def test_a_greeting_equals_no_conversation_that_it_opens():
    greeting = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}]
    rows = [
        {"example_id": str(number), "problem": turn.problem}
        for number, turn in enumerate(read(greeting + talk("u", "a", "u", "a"), every=True)[0])
    ]
    assert list(ExactMatcher([{"example_id": "test", "problem": "Hello"}]).matches(rows)) == ["0"]


def test_one_turn_has_no_context():
    (turn,), _ = read(talk("u", "a"))
    assert (turn.context, turn.prompt, turn.answer, turn.key) == ("", "u1", "a2", "u1")


def test_every_turn():
    messages = talk("u", "a", "u", "a", "u", "a", system="Be brief.")
    made, _ = read(messages, every=True)
    assert [(turn.prompt, turn.answer) for turn in made] == [("u1", "a2"), ("u3", "a4"), ("u5", "a6")]
    assert [json.loads(turn.context) for turn in made] == [messages[:1], messages[:3], messages[:5]]
    assert [turn.problem for turn in made] == ["u1", "u1 u3", "u1 u3 u5"]
    assert {turn.key for turn in made} == {"u1"}  # so they fall into one split


def test_messages_of_sharegpt():
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    messages = talk("u", "a", "u", "a", system="Be brief.")
    shared = [{"from": names[message["role"]], "value": message["content"]} for message in messages]
    assert read(shared, every=True) == read(messages, every=True)
    assert roles(shared) == roles(messages)
    assert read([{"from": "human", "value": "hi"}, {"from": "tool", "value": "4"}])[1] == [
        "message 2 has the role 'tool'; write one of system, user, assistant"
    ]


def test_the_text_of_a_cell():
    assert read(json.dumps(talk("u", "a")))[0] == read(talk("u", "a"))[0]


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (
            talk("u", "a", "u"),
            ["the conversation ends with the user; add the answer, or remove that message"],
        ),
        (talk("a", "u", "a"), ["message 1 is the assistant's; a user's message must be the first"]),
        (
            talk("a", "u", "a", system="s"),
            ["message 2 is the assistant's; a user's message must be the first"],
        ),
        (talk("u", "a", "a"), ["messages 2 and 3 are both the assistant's; join them"]),
        (talk("u", "u", "a"), ["messages 1 and 2 are both the user's; join them"]),
        (talk("u", "s", "a"), ["message 2 is the system's, which only the first can be; move it there"]),
        (talk("s", "s"), ["message 2 is the system's, which only the first can be; move it there"]),
        (talk("u", "a", "a", "u", "u"), ["messages 2 and 3", "messages 4 and 5", "ends with the user"]),
        (talk("u", "asistant"), ["message 2 has the role 'asistant'; did you mean assistant?"]),
        (talk("u", "tool"), ["message 2 has the role 'tool'; write one of system, user, assistant"]),
        (
            [{"from": "human", "text": "hi"}],
            ["message 1 has no role and no content (it has from, text); name it so"],
        ),
        (["hi"], ["message 1 is 'hi'; write an object with role and content"]),
        ([], ["a conversation without turns"]),
        (talk(system="s"), ["a conversation without turns"]),
        ("hi", ["messages is 'hi', no list"]),
        (None, ["messages is None, no list"]),
        ([{"role": "user", "content": ""}, *talk("a")], ["the content of message 1 is empty"]),
        ([{"role": "user", "content": None}, *talk("a")], ["the content of message 1 is empty"]),
        ([{"role": "user", "content": [{"text": "x"}]}, *talk("a")], ["the content of message 1 is a list"]),
        ([{"role": ["user"], "content": "x"}], ["message 1 has the role ['user']"]),
        ([{"role": None, "content": "x"}], ["message 1 has the role None"]),
    ],
)
def test_what_cannot_be_used(messages, says):
    made, faults = read(messages)
    assert not made and len(faults) == len(says), faults
    for fault, words in zip(faults, says, strict=True):
        assert words in fault


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
messages = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "system", "tool"]) | json_values,
            "content": st.text() | json_values,
        }
    )
    | json_values,
    max_size=6,
)


@given(messages | json_values, st.booleans())
def test_anything_is_turns_or_faults(value, every):
    made, faults = read(value, every)
    assert bool(made) != bool(faults)
    for turn in made:
        assert turn.prompt.strip() and turn.answer.strip() and turn.problem.strip()
        assert all("\n" not in fault for fault in faults)
    for fault in faults:
        assert fault.isprintable() or "\n" not in fault
