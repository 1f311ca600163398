"""Calls of tools in a model's text, and episodes as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.io.errors import InputError
from tms.tool_use import turns as episodes
from tms.tool_use.calls import CLOSE, OPEN, Call, calls_tools, parse

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.text(max_size=6), VALUE, max_size=3)
CALLS = st.lists(st.builds(Call, st.text(min_size=1, max_size=8), ARGUMENTS), min_size=1, max_size=3)


def written(call: Call) -> str:
    return f"{OPEN}\n{json.dumps({'name': call.name, 'arguments': call.arguments})}\n{CLOSE}"


@given(CALLS)
def test_what_is_written_is_read(calls):
    if any(CLOSE in written(call)[:-12] for call in calls):
        return
    assert parse("I look. " + "\n".join(map(written, calls))) == ("I look.", calls)


def test_a_call_may_lack_its_closing_tag():
    """As vLLM's reader of this form has it (`<tool_call>(.*?)</tool_call>|<tool_call>(.*)`)."""
    assert parse(f'{OPEN}{{"name": "f", "arguments": {{}}}}') == ("", [Call("f", {})])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "f(1)",
        '{"name": "f"}',
        '{"name": 1, "arguments": {}}',
        '{"name": "f", "arguments": "x"}',
        '{"name": "f", "name": "g", "arguments": {}}',
        '{"name": "f", "arguments": {"x": NaN}}',
        '{"name": "f", "arguments": {"x": 1e999}}',
        '{"name": "f", "arguments": {"x": "\\ud800"}}',
        '{"name": "\\udfff", "arguments": {}}',
        '{"name": "f", "arguments": {"x": ' + "[" * 200 + "]" * 200 + "}}",
        "{" * 100_000,
    ],
)
def test_a_broken_call_is_refused(body):
    assert calls_tools(OPEN + body)
    with pytest.raises(ValueError):
        parse(OPEN + body + CLOSE)


def test_more_calls_than_a_turn_may_have():
    with pytest.raises(ValueError, match="more than 8 calls"):
        parse(written(Call("f", {})) * 9)


def test_an_episode_as_text():
    call = Call("f", {"x": 1})
    turns = [
        {"role": "assistant", "content": "", "tool_calls": [call.message()]},
        {"role": "tool", "name": "f", "content": "2"},
        {"role": "assistant", "content": "It is 2."},
    ]
    read = episodes.read_turns(episodes.turns_text(turns))
    assert read == turns
    assert episodes.final_text(read) == "It is 2." and episodes.made_calls(read) == [call]
    assert episodes.final_text(turns[:1]) == episodes.final_text(turns[:2]) == ""


@pytest.mark.parametrize(
    "text",
    ["", "It is 2.", "[]", "{}", '[{"role": "user", "content": "x"}]', '[{"role": "tool", "content": "x"}]'],
)
def test_what_is_no_episode_is_refused(text):
    with pytest.raises(InputError):
        episodes.read_turns(text)


def test_an_episode_for_who_reads_it():
    turns = [
        {"role": "assistant", "content": "I look.", "tool_calls": [Call("f", {"x": "ä"}).message()]},
        {"role": "tool", "name": "f", "content": "2"},
        {"role": "assistant", "content": "It is 2."},
    ]
    assert episodes.as_lines(turns) == 'I look.\ncall f {"x": "ä"}\nf: 2\nIt is 2.'
