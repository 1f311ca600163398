"""Countdown: reach a target from given numbers, each used exactly once (the paper's generated task).

One row, with `count: 3`:

    prompt  Using the numbers 3, 5 and 7, ... write an expression that equals 22. ...
    answer  {"numbers": [3, 5, 7], "target": 22}

Any valid expression counts. Problems are drawn from random expressions, so each has a solution; a
problem's split is a hash of its sorted numbers and its target.
"""

import json
from fractions import Fraction
from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import Drawn, attempts, collect
from tms.io.errors import InputError

PROMPT = (
    "Using the numbers {numbers}, each exactly once, and the operations + - * / with parentheses, "
    "write an expression that equals {target}. Reason step by step, then finish with a line of the form "
    '"answer: <expression>".'
)
DEFAULTS = {
    "count": [3, 4],  # how many numbers: an integer, or a list to draw from
    "max_number": 99,
    "max_target": 100,
    "operators": "+-*/",
    "prompt": PROMPT,
    "separator": ", ",  # between the numbers in the prompt
}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown, or the pool of problems is too small.
    """
    settings = read_options(options)

    def draw(random: Random) -> Drawn:
        numbers, target = problem(random, settings)
        return key(numbers, target), lambda: row(numbers, target, settings)

    return collect("countdown", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown, or of no use.
    """
    settings = task_options.read_options("countdown", options, DEFAULTS)
    counts = settings["count"] if isinstance(settings["count"], list) else [settings["count"]]
    if not counts or min(counts) < 2 or max(counts) > 8:
        raise InputError(f"countdown: option count is {settings['count']!r}; each must be 2 to 8")
    if not settings["operators"] or set(settings["operators"]) - set("+-*/"):
        raise InputError(f"countdown: option operators is {settings['operators']!r}; choose from +-*/")
    try:
        settings["prompt"].format(numbers="", target="")
    except (LookupError, ValueError) as error:
        raise InputError(
            f"countdown: option prompt is {settings['prompt']!r}; of what stands in braces it may hold "
            f"{{numbers}} and {{target}} alone"
        ) from error
    return {**settings, "count": counts}


def problem(random: Random, settings: dict) -> tuple[list[int], int]:
    """Draw numbers (in the prompt's order) and a target in 1..max_target that some expression reaches."""
    for _ in attempts("countdown"):
        numbers = [random.randint(1, settings["max_number"]) for _ in range(random.choice(settings["count"]))]
        values = [Fraction(number) for number in numbers]
        while len(values) > 1:
            left, right = (values.pop(random.randrange(len(values))) for _ in range(2))
            value = combine(left, random.choice(settings["operators"]), right)
            if value is None or value < 0:
                break
            values.append(value)
        else:
            if values[0].denominator == 1 and 1 <= values[0] <= settings["max_target"]:
                return numbers, int(values[0])


def combine(left: Fraction, operator: str, right: Fraction) -> Fraction | None:
    """Apply an operator exactly; None for a division by zero."""
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    return left / right if right else None


def key(numbers: list[int], target: int) -> str:
    """Text that identifies a problem whatever the order of its numbers."""
    return f"countdown {' '.join(map(str, sorted(numbers)))} -> {target}"


def row(numbers: list[int], target: int, settings: dict) -> dict:
    """The row of one problem."""
    return {
        "example_id": f"countdown-{'-'.join(map(str, sorted(numbers)))}-to-{target}",
        "prompt": prompt(numbers, target, settings),
        "answer": json.dumps({"numbers": numbers, "target": target}),
        "problem": key(numbers, target),
        "solution": "",
    }


def prompt(numbers: list[int], target: int, settings: dict) -> str:
    """The user message of one problem."""
    return settings["prompt"].format(numbers=settings["separator"].join(map(str, numbers)), target=target)
