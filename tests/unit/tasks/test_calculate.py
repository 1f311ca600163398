"""Problems for the calculator: the call of the solution gives the answer, and no problem is in two splits."""

import re

import pytest

from tms.config.tasks import TOOLS
from tms.data.splits import SPLITS, split_of
from tms.graders import number as grader
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.tasks import calculate
from tms.tool_use.environment import observe
from tms.tool_use.turns import final_text, made_calls, read_turns

SIZES = {"train": 1024, "heldout": 128, "test": 400}
# How a reader finds the operation: a pattern that the wordings of no other operation match.
TOLD = {
    "+": r"\band buys \d+ more|\bin all\?|\d+ others\.",
    "-": r"\bare left\?|\bare missing\?",
    "*": r"\d+ boxes of \d+|\bA box holds|\bpeople bring",
    "/": r"\bequal(ly)?\b",
}


@pytest.fixture(scope="module")
def rows():
    return {split: calculate.build(split, size, 0, {}) for split, size in SIZES.items()}


def test_a_problem_has_one_split_whatever_the_seed(rows):
    problems = {split: {row["problem"] for row in rows[split]} for split in SPLITS}
    for split, size in SIZES.items():
        assert len(problems[split]) == len({row["example_id"] for row in rows[split]}) == size
        other = calculate.build(split, size, 1, {})
        assert {split_of(row["problem"]) for row in [*rows[split], *other]} == {split}
    assert calculate.build("train", 100, 0, {}) == rows["train"][:100]


@pytest.mark.parametrize("split", SPLITS)
def test_the_solution_calls_the_rows_calculator_and_repeats_its_result(rows, split):
    for row in rows[split]:
        context = read_context(row["context"])
        assert context.messages == []
        assert context.environment == {"kind": "calculator", **TOOLS["calculate"]}
        turns = read_turns(row["solution"])
        assert [turn["role"] for turn in turns] == ["assistant", "tool", "assistant"]
        (call,) = made_calls(turns)
        assert observe(call, context) == turns[1]["content"] == row["answer"]
        assert grader.grade(final_text(turns), row["answer"]).score == 1
        assert grader.grade(final_text(turns), row["answer"] + "0").score == 0


@pytest.mark.parametrize("split", SPLITS)
def test_a_reader_of_the_prompt_finds_the_call(rows, split):
    for row in rows[split]:
        (operator,) = (found for found, told in TOLD.items() if re.search(told, row["prompt"]))
        first, second = map(int, re.findall(r"\d+", row["prompt"]))
        if operator in "-/":
            first, second = max(first, second), min(first, second)
        (call,) = made_calls(read_turns(row["solution"]))
        assert sorted(call.arguments["expression"].split()) == sorted(f"{first} {operator} {second}".split())
        value = {"+": first + second, "-": first - second, "*": first * second, "/": first / second}[operator]
        assert int(row["answer"]) == value > 0
        assert min(first, second) >= calculate.SMALLEST


def test_no_operation_is_rare(rows):
    operators = [row["problem"].split()[2] for row in rows["test"]]
    assert all(operators.count(operator) > 70 for operator in calculate.OPERATORS)


@pytest.mark.parametrize("options, message", [({"max": 9}, "max"), ({"max_number": 219}, "at least 220")])
def test_bad_options_are_named(options, message):
    with pytest.raises(InputError, match=message):
        calculate.build("test", 5, 0, options)
