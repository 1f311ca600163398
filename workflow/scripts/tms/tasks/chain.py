"""Chain: a word problem of two steps with one right answer.

One row:

    prompt  mia has 7 apples . leo gives mia 5 more . mia puts them in 3 boxes ...
    answer  36

A problem's split is a hash of its operations and its three numbers, whatever names and things it tells of.
"""

from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import attempts, collect
from tms.io.errors import InputError

DEFAULTS = {
    "max_number": 12,  # largest number in a problem
    "max_value": 99,  # largest value on the way and at the end
}
NAMES = "mia leo ana tom eva ben ida max".split()
THINGS = "apples coins books stones cards shells".split()
# One clause a step: how the state changes, told in several ways.
CLAUSES = {
    "+": ["then gets {n} more", "then finds {n} more", "then buys {n} {things}"],
    "-": ["then loses {n}", "then gives away {n}", "then sells {n} {things}"],
    "*": ["then gets {n} times as many", "then the number grows {n} times"],
}
PAIRS = ["++", "+-", "-+", "--", "+*", "-*", "*+", "*-"]


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown, or the pool of problems is too small.
    """
    settings = read_options(options)

    def draw(random: Random) -> tuple[str, dict]:
        operators, numbers = problem(random, settings)
        return key(operators, numbers), {
            "example_id": f"chain-{'-'.join(map(str, numbers))}-{operators}",
            "prompt": prompt(random, operators, numbers),
            "answer": str(steps(operators, numbers)[-1]),
            "problem": key(operators, numbers),
            "solution": "",
        }

    return collect("chain", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown, or of no use.
    """
    settings = task_options.read_options("chain", options, DEFAULTS)
    if settings["max_number"] < 2:
        raise InputError(f"chain: option max_number is {settings['max_number']}; write at least 2")
    return settings


def problem(random: Random, settings: dict) -> tuple[str, list[int]]:
    """Draw two operators and three numbers whose values stay within 1..max_value."""
    for _ in attempts("chain"):
        operators = random.choice(PAIRS)
        numbers = [random.randint(2, settings["max_number"]) for _ in range(3)]
        if all(1 <= value <= settings["max_value"] for value in steps(operators, numbers)):
            return operators, numbers


def steps(operators: str, numbers: list[int]) -> list[int]:
    """The values after the first and after the second step."""
    values = [numbers[0]]
    for operator, number in zip(operators, numbers[1:], strict=True):
        value = values[-1]
        values.append({"+": value + number, "-": value - number, "*": value * number}[operator])
    return values[1:]


def key(operators: str, numbers: list[int]) -> str:
    """Text that identifies a problem whatever its wording."""
    return f"chain {operators} {' '.join(map(str, numbers))}"


def prompt(random: Random, operators: str, numbers: list[int]) -> str:
    """The user message of one problem, its wording drawn at random."""
    name, things = random.choice(NAMES), random.choice(THINGS)
    clauses = [
        random.choice(CLAUSES[operator]).format(n=number, things=things)
        for operator, number in zip(operators, numbers[1:], strict=True)
    ]
    return f"{name} has {numbers[0]} {things} , {clauses[0]} , {clauses[1]} . how many {things} ?"
