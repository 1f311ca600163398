"""Calculator: `calculator(expression)` computes + - * / of integers and parentheses, exactly."""

import re
from fractions import Fraction

from tms.tool_use.calls import CallError

LONGEST = 200  # characters of an expression
TOKEN = re.compile(r"\s*(\d{1,12}|[-+*/()])")
DEEPEST = 20  # parentheses and signs inside one another

TOOL = {
    "type": "function",
    "function": {
        "name": "calculator",
        "description": "Computes an expression of integers with + - * / and parentheses.",
        "parameters": {
            "type": "object",
            "properties": {"expression": {"type": "string"}},
            "required": ["expression"],
        },
    },
}


def observe(name: str, arguments: dict, facts: dict) -> str:
    """The value of an expression: an integer, or a fraction such as 7/2."""
    if set(arguments) != {"expression"} or not isinstance(arguments["expression"], str):
        raise CallError("give one argument, expression, a text")
    return str(compute(arguments["expression"]))


def compute(expression: str) -> Fraction:
    """Compute an expression.

    Raises:
        CallError: it is none, too long, or divides by zero.
    """
    if len(expression) > LONGEST:
        raise CallError(f"the expression is longer than {LONGEST} characters")
    tokens, end = [], 0
    while match := TOKEN.match(expression, end):
        tokens.append(match[1])
        end = match.end()
    if expression[end:].strip():
        raise CallError(f"cannot read {expression[end:].strip()[:20]!r}")
    value, rest = _sum(tokens, DEEPEST)
    if rest:
        raise CallError(f"cannot read {rest[0]!r} there")
    return value


def _sum(tokens: list[str], depth: int) -> tuple[Fraction, list[str]]:
    value, tokens = _product(tokens, depth)
    while tokens and tokens[0] in "+-":
        sign = tokens[0]
        term, tokens = _product(tokens[1:], depth)
        value = value + term if sign == "+" else value - term
    return value, tokens


def _product(tokens: list[str], depth: int) -> tuple[Fraction, list[str]]:
    value, tokens = _factor(tokens, depth)
    while tokens and tokens[0] in "*/":
        sign = tokens[0]
        factor, tokens = _factor(tokens[1:], depth)
        if sign == "/" and not factor:
            raise CallError("a division by zero")
        value = value * factor if sign == "*" else value / factor
    return value, tokens


def _factor(tokens: list[str], depth: int) -> tuple[Fraction, list[str]]:
    if not tokens or not depth:
        raise CallError("the expression ends too early" if depth else "the expression is too deep")
    first, rest = tokens[0], tokens[1:]
    if first == "-":
        value, rest = _factor(rest, depth - 1)
        return -value, rest
    if first == "(":
        value, rest = _sum(rest, depth - 1)
        if rest[:1] != [")"]:
            raise CallError("a parenthesis is not closed")
        return value, rest[1:]
    if not first.isdigit():
        raise CallError(f"cannot read {first!r} there")
    return Fraction(first), rest
