"""The calculator against Python's own arithmetic, and what it refuses."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.io.code_digest import digests
from tms.io.conversation import Context
from tms.io.errors import InputError
from tms.tool_use.calls import Call, CallError
from tms.tool_use.environment import observe
from tms.tool_use.environments import calculator

NUMBER = st.integers(0, 999).map(lambda value: (str(value), Fraction(value)))


def joined(parts) -> tuple[str, Fraction]:
    (left, a), sign, (right, b) = parts
    value = {"+": a + b, "-": a - b, "*": a * b}[sign]
    return f"({left} {sign} {right})", value


EXPRESSION = st.recursive(
    NUMBER, lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(joined), max_leaves=6
)


@given(EXPRESSION)
def test_it_computes_exactly(expression):
    text, value = expression
    assert calculator.compute(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("2+3*4", "14"), ("2 - 3 - 4", "-5"), ("7/2", "7/2"), ("8/2/2", "2"), ("-3*-2", "6"), ("(1+2)*3", "9")],
)
def test_signs_bind_as_in_arithmetic(text, value):
    assert calculator.observe("calculator", {"expression": text}, {}) == value


@pytest.mark.parametrize(
    "text",
    ["", "2+", "(2", "2)", "2**3", "x", "1/0", "__import__('os')", "9" * 13, "-" * 50, "(" * 199, "1+" * 101],
)
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(CallError):
        calculator.compute(text)


def test_a_refused_call_is_told_to_the_model():
    context = Context(tools=[calculator.TOOL], environment={"kind": "calculator", "calls": 1})
    assert observe(Call("calculator", {"expression": "1/0"}), context) == "Error: a division by zero"
    assert observe(Call("calculator", {"x": 1}), context).startswith("Error: give one argument")
    assert observe(Call("rm", {}), context) == "Error: there is no tool 'rm'; there are calculator"
    assert observe(Call("calculator", {"expression": "6*7"}), context) == "42"


def test_an_environment_that_there_is_not_is_one_line():
    context = Context(tools=[calculator.TOOL], environment={"kind": "os", "calls": 1})
    with pytest.raises(
        InputError, match=r"no environment 'os' answers calls; there are calculator, recorded"
    ):
        observe(Call("calculator", {"expression": "1"}), context)


def test_the_code_digest_of_a_stage_holds_the_environments():
    """Else an edited calculator would leave what it answered as it is."""
    for program in ("harvest", "generate", "drift", "train_on_policy"):
        files = [text.partition(":")[0] for text in digests(program)]
        assert "tms/tool_use/environments/calculator.py" in files
