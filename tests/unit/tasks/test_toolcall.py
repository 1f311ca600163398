"""Tool calls: what a prompt shows decides the call, and the test's tools, values and wordings are its own."""

import json
import re

import pytest

from tms.data.splits import SPLITS, split_of
from tms.data.tool_calls import test_tools, training_tools
from tms.data.tool_calls.values import POOLS
from tms.graders import json as grader
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.tasks import toolcall

SIZES = {"train": 512, "heldout": 64, "test": 300}
TYPES = {"string": str, "integer": int, "number": float}


@pytest.fixture(scope="module")
def rows():
    return {split: toolcall.build(split, size, 0, {}) for split, size in SIZES.items()}


def read(row):
    """The signatures that a prompt shows, its request, and the answer."""
    tools, _, rest = row["prompt"].partition("\nRequest: ")
    signatures = {}
    for name, signature in re.findall(r"^(\w+)\((.*)\) - .+$", tools, flags=re.MULTILINE):
        signatures[name] = dict(argument.split(": ") for argument in signature.split(", "))
    return signatures, rest.partition("\n")[0], json.loads(row["answer"])


def test_there_are_as_many_distinct_rows_as_a_run_needs(rows):
    for split, size in SIZES.items():
        assert len({row["problem"] for row in rows[split]}) == size
        assert len({row["example_id"] for row in rows[split]}) == size
        assert all(split_of(row["problem"]) == split for row in rows[split])


def test_requests_for_one_tool_are_related(rows):
    assert all(json.loads(row["answer"])["name"] == row["cluster"] for row in rows["test"])
    assert len({row["cluster"] for row in rows["test"]}) == 20


@pytest.mark.parametrize("split", SPLITS)
def test_a_call_conforms_to_a_signature_shown_and_its_values_stand_in_the_request(rows, split):
    for row in rows[split]:
        signatures, request, call = read(row)
        assert set(call) == {"name", "arguments"}
        assert len(signatures) == 2
        signature = signatures[call["name"]]
        assert list(call["arguments"]) == list(signature)
        for name, value in call["arguments"].items():
            assert type(value) is TYPES[signature[name]]
            assert re.search(rf"(?<![\w.]){re.escape(str(value))}(?!\w|\.\d)", request)
        assert len({str(value) for value in call["arguments"].values()}) == len(call["arguments"])


@pytest.mark.parametrize("split", SPLITS)
def test_the_solution_is_right_bare_fenced_and_in_another_order_and_no_other_call_is(rows, split):
    for row, other in zip(rows[split], rows[split][1:], strict=False):
        call = json.loads(row["solution"])
        turned = {"arguments": dict(reversed(call["arguments"].items())), "name": call["name"]}
        for right in (row["solution"], json.dumps(turned), f"```json\n{row['solution']}\n```"):
            assert grader.grade(right, row["answer"]).score == 1
        for wrong in (other["solution"], json.dumps(call["arguments"]), call["name"], ""):
            assert grader.grade(wrong, row["answer"]).score == 0


def test_tools_values_and_wordings_of_the_test_are_in_no_other_split(rows):
    def seen(*splits):
        calls = [json.loads(row["answer"]) for split in splits for row in rows[split]]
        return {call["name"] for call in calls}, {
            str(value) for call in calls for value in call["arguments"].values()
        }

    (names, values), (test_names, test_values) = seen("train", "heldout"), seen("test")
    assert not names & test_names and len(names) >= 40 and len(test_names) >= 15
    assert not values & test_values
    shown = {name for row in rows["train"] for name in read(row)[0]}
    assert not shown & {name for row in rows["test"] for name in read(row)[0]}


def test_the_tables_of_tools_and_values_share_nothing_and_hold_no_row_twice():
    for pick in (lambda tool: [tool.name], lambda tool: [tool.does], lambda tool: tool.wordings):
        training, test = (
            [text for tool in part.TOOLS for text in pick(tool)] for part in (training_tools, test_tools)
        )
        assert len({*training, *test}) == len(training) + len(test)
    learnt, asked = (
        {str(value) for pool in POOLS.values() for value in getattr(pool, part)}
        for part in ("training", "test")
    )
    assert not learnt & asked
    for name, pool in POOLS.items():
        values = [*pool.training, *pool.test]
        assert len({type(value) for value in values}) == 1, name
        assert len(set(values)) == len(values), name


def test_each_wording_asks_for_each_argument_once():
    for tool in [*training_tools.TOOLS, *test_tools.TOOLS]:
        assert 1 <= len(tool.arguments) <= 3 and len(tool.wordings) >= 3
        assert re.fullmatch(r"[a-z_]+", tool.name)
        for wording in tool.wordings:
            assert sorted(re.findall(r"\{(\w+)\}", wording)) == sorted(tool.arguments), wording
            rendered = wording.format(**dict.fromkeys(tool.arguments, "x"))
            assert not re.search(r"[{}]", rendered)
            assert rendered[0].isupper() or wording[0] == "{"


def test_the_same_seed_gives_the_same_rows_and_a_longer_list_begins_with_the_shorter():
    long = toolcall.build("train", 40, 0, {})
    assert toolcall.build("train", 20, 0, {}) == long[:20]
    assert toolcall.build("train", 40, 1, {}) != long


def test_an_option_says_how_many_tools_are_shown():
    [row] = toolcall.build("test", 1, 0, {"tools": 5})
    assert len(read(row)[0]) == 5


def test_each_prompt_follows_one_answered_request_of_a_tool_that_no_split_has(rows):
    [context] = {row["context"] for split in SPLITS for row in rows[split]}
    asked, answered = read_context(context).messages
    assert asked["content"].endswith("Request: What is 4 plus 5?")
    assert json.loads(answered["content"]) == {"name": "add", "arguments": {"a": 4, "b": 5}}
    assert "add" not in {tool.name for part in (training_tools, test_tools) for tool in part.TOOLS}


@pytest.mark.parametrize(
    "options, message",
    [
        ({"tool": 3}, "unknown option 'tool'"),
        ({"tools": 21}, "option tools is 21; the test split has 20"),
        ({"tools": 0}, "option tools is 0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        toolcall.build("test", 1, 0, options)
