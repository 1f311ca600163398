"""Calculate: a word problem on two numbers whose answer takes one call of a calculator.

One row:

    context   the calculator, which answers two calls at most, and no messages
    prompt    Mia buys 37 boxes of 24 pens each. How many pens is that?
    answer    888
    solution  a call with 37 * 24, the result 888, and "The answer is 888." (`tms.tool_use.turns`)

The numbers have two or three digits, a quotient's first one up to four, so that a small model cannot compute
in its head. A problem's split is a hash of its operation and its two numbers, whatever names and things it
tells of.
"""

from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import Drawn, collect, digest_id
from tms.io.conversation import context_text
from tms.io.errors import InputError
from tms.tool_use.calls import Call
from tms.tool_use.environments import calculator
from tms.tool_use.turns import turns_text

DEFAULTS = {
    "max_number": 999,  # largest term of a sum or difference; factors and divisors have up to its tenth
}
SMALLEST = 11
CALLS = 2  # most calls of an answer
NAMES = "Mia Leo Ana Tom Eva Ben Ida Max".split()
THINGS = "apples coins books stones cards shells pens plates".split()
# Problems of each operation, told in several ways; some name the second number first.
WORDINGS = {
    "+": [
        "{name} has {a} {things} and buys {b} more. How many {things} is that?",
        "There are {a} {things} in one room and {b} in another. How many {things} are there in all?",
        "{name} counts {a} {things}, then {b} others. How many {things} is that?",
    ],
    "-": [
        "{name} has {a} {things} and sells {b} of them. How many {things} are left?",
        "{name} gives away {b} of {a} {things}. How many {things} are left?",
        "{name} needs {a} {things} and has {b}. How many {things} are missing?",
    ],
    "*": [
        "{name} buys {a} boxes of {b} {things} each. How many {things} is that?",
        "A box holds {a} {things}. How many {things} do {b} boxes hold?",
        "{a} people bring {b} {things} each. How many {things} do they bring?",
    ],
    "/": [
        "{name} shares {a} {things} equally among {b} people. How many {things} does each get?",
        "{b} people share {a} {things} equally. How many {things} does each get?",
        "{name} puts {a} {things} into {b} equal boxes. How many {things} does a box hold?",
    ],
}
OPERATORS = list(WORDINGS)


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown or of no use, or the pool of problems is too small.
    """
    settings = read_options(options)
    context = context_text([], [calculator.TOOL], {"kind": "calculator", "calls": CALLS})

    def draw(random: Random) -> Drawn:
        operator, numbers = problem(random, settings)
        problem_key = key(operator, numbers)
        return problem_key, lambda: {
            "example_id": digest_id("calculate", problem_key),
            "context": context,
            "prompt": prompt(random, operator, numbers),
            "answer": value(expression(operator, numbers)),
            "problem": problem_key,
            "solution": turns_text(trajectory(expression(operator, numbers))),
        }

    return collect("calculate", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown, or of no use.
    """
    settings = task_options.read_options("calculate", options, DEFAULTS)
    if settings["max_number"] < 20 * SMALLEST:
        raise InputError(
            f"calculate: option max_number is {settings['max_number']}; write at least {20 * SMALLEST}"
        )
    return settings


def problem(random: Random, settings: dict) -> tuple[str, list[int]]:
    """Draw an operator and its two numbers; differences are positive, quotients whole."""
    operator = random.choice(OPERATORS)
    largest = settings["max_number"] // (10 if operator in "*/" else 1)
    first, second = random.sample(range(SMALLEST, largest + 1), 2)
    if operator == "-":
        return operator, [max(first, second), min(first, second)]
    return operator, [first * second if operator == "/" else first, second]


def expression(operator: str, numbers: list[int]) -> str:
    """The expression that the calculator is asked for."""
    return f"{numbers[0]} {operator} {numbers[1]}"


def value(asked: str) -> str:
    """The calculator's answer to an expression."""
    return str(calculator.compute(asked))


def trajectory(asked: str) -> list[dict]:
    """The turns of an answer that asks the calculator once and repeats its result."""
    call = Call(calculator.TOOL["function"]["name"], {"expression": asked})
    return [
        {"role": "assistant", "content": "", "tool_calls": [call.message()]},
        {"role": "tool", "name": call.name, "content": value(asked)},
        {"role": "assistant", "content": stated(value(asked))},
    ]


def stated(result: str) -> str:
    """The text of a last turn."""
    return f"The answer is {result}."


def key(operator: str, numbers: list[int]) -> str:
    """Text that identifies a problem whatever its wording."""
    return f"calculate {expression(operator, numbers)}"


def prompt(random: Random, operator: str, numbers: list[int]) -> str:
    """The user message of one problem, its wording drawn at random."""
    wording = random.choice(WORDINGS[operator])
    return wording.format(name=random.choice(NAMES), things=random.choice(THINGS), a=numbers[0], b=numbers[1])
