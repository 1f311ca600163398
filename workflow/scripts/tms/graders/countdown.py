"""Countdown's grader: the expression's syntax tree, exact arithmetic, each number exactly once.

There is no official scorer; the one that the task came with (https://github.com/Jiayi-Pan/TinyZero,
verl/utils/reward_score/countdown.py) evaluates text and pays for form alone, which this one does not.
"""

import ast
import json
import re
import warnings
from fractions import Fraction

from tms.answers.boxes import boxed
from tms.answers.final_answer import final_answer
from tms.answers.grade import Grade

METRIC = "accuracy"
LONGEST = 200  # characters of an expression
SPELLINGS = {
    "\\times": "*",
    "\\cdot": "*",
    "\\div": "/",
    "×": "*",
    "÷": "/",
    "−": "-",
    "\\left": "",
    "\\right": "",
}
ANNOUNCED = re.compile(r"<answer>|\banswer is:?\s", flags=re.IGNORECASE)
STRIPPED = " \t*_$`.\\[]"  # decoration at an expression's ends
CHARACTERS = set("0123456789+-*/() ")


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the final expression uses each given number exactly once and equals the target.

    Args:
        completion: the model's text; its answer stands behind the last "answer :", else in the last box, else
            behind the last `<answer>` or "the answer is", else on the last line. Of an equation's sides the
            first with an operator counts.
        answer: `{"numbers": [...], "target": ...}`.
    """
    problem = json.loads(answer)
    expression = extract(completion)
    reached = evaluate(expression)
    right = reached is not None and reached == (problem["target"], sorted(problem["numbers"]))
    return Grade(float(right), expression)


def extract(completion: str) -> str:
    """The text that states the final expression, at most `LONGEST` + 1 characters of it."""
    text = final_answer(completion)
    if text is None:
        tail = completion[-10 * LONGEST :]
        text = boxed(tail)
        if text is None:
            lines = ANNOUNCED.split(tail)[-1].partition("</answer>")[0].strip().splitlines()
            text = lines[-1] if lines else ""
    text = text[: 10 * LONGEST]
    text = boxed(text) or text
    for spelling, operator in SPELLINGS.items():
        text = text.replace(spelling, operator)
    sides = [side.strip(STRIPPED) for side in text.split("=")]
    return next((side for side in sides if set(side) & set("+-*/")), sides[0])[: LONGEST + 1]


def evaluate(expression: str) -> tuple[Fraction, list[int]] | None:
    """Value of an expression of + - * / and parentheses on plain integers, and the integers in it, sorted.

    None for anything else: other syntax, `**`, `//`, signs, numbers with leading zeros or beyond six
    digits, a division by zero, or more than `LONGEST` characters.
    """
    if len(expression) > LONGEST or set(expression) - CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(expression, mode="eval")
        numbers: list[int] = []
        return _value(tree.body, numbers), sorted(numbers)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr, numbers: list[int]) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < 1_000_000:
        numbers.append(node.value)
        return Fraction(node.value)
    if not isinstance(node, ast.BinOp):
        raise ValueError("not an integer or one of + - * /")
    left, right = _value(node.left, numbers), _value(node.right, numbers)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Div):
        return left / right
    raise ValueError("not one of + - * /")
