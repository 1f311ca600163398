"""The record answers the calls that it holds, and no others."""

import pytest

from tms.io.conversation import Context
from tms.io.errors import InputError
from tms.tool_use.calls import Call
from tms.tool_use.environment import observe

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "ask")]


def told(name, arguments, observations):
    facts = {"kind": "recorded", "calls": 2, "observations": observations}
    return observe(Call(name, arguments), Context(tools=TOOLS, environment=facts))


def seen(arguments, content, name="f"):
    return {"name": name, "arguments": arguments, "content": content}


RECORD = [
    seen({"a": 1, "b": [1.0, {"x": None}]}, "one"),
    seen({"a": "1"}, "text"),
    seen(None, "Oslo", "ask"),
    seen({}, "failed"),
    seen({}, "done"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("f", {"a": 1, "b": [1.0, {"x": None}]}, "one"),
        ("f", {"b": [1, {"x": None}], "a": 1.0}, "one"),
        ("f", {"a": 1, "b": [1, {"x": None}], "c": ""}, "one"),
        ("f", {"a": "1"}, "text"),
        ("ask", {"Question": "Where?"}, "Oslo"),
        ("f", {}, "done"),
    ],
)
def test_an_equal_call_is_answered(name, arguments, text):
    assert told(name, arguments, RECORD) == text


@pytest.mark.parametrize(
    "arguments",
    [{"a": 1}, {"a": True, "b": [1, {"x": None}]}, {"a": 1, "b": [{"x": None}, 1]}, {"a": None}, {"a": 1.5}],
)
def test_another_call_is_not(arguments):
    assert told("f", arguments, RECORD) == "Error: no answer is recorded for f with these arguments"


@pytest.mark.parametrize("observations", [None, {}, [3], [{"name": "f"}], [seen([], "x")], [seen({}, 3)]])
def test_facts_that_are_no_record(observations):
    with pytest.raises(InputError, match="needs observations"):
        told("f", {}, observations)
