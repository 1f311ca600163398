"""Chain: a word problem of two steps with one right answer.

One row:

    prompt  mia has 7 apples , then gets 5 more , then gets 3 times as many . how many apples ?
    answer  36

and with `style: natural`, which has a worked solution:

    prompt    Mia has 7 apples. Then she gets 5 more. After that she has 3 times as many. How many apples ...
    answer    36
    solution  Mia has 7 + 5 = 12 apples. Then she has 12 * 3 = 36 apples. The answer is 36.

A problem's split is a hash of its operations and its three numbers, whatever names and things it tells of.
"""

from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import Drawn, attempts, collect
from tms.io.errors import InputError

DEFAULTS = {
    "max_number": 12,  # largest number in a problem
    "max_value": 99,  # largest value on the way and at the end
    "style": "miniature",  # lower-case words of the miniature's vocabulary; or natural: English sentences
}
NAMES = "mia leo ana tom eva ben ida max".split()
THINGS = "apples coins books stones cards shells".split()
# One clause a step: how the state changes, told in several ways.
CLAUSES = {
    "+": ["then gets {n} more", "then finds {n} more", "then buys {n} {things}"],
    "-": ["then loses {n}", "then gives away {n}", "then sells {n} {things}"],
    "*": ["then gets {n} times as many", "then the number grows {n} times"],
}
# In English: what the person does in a step, and the pronoun of each name.
ACTIONS = {
    "+": ["gets {n} more", "finds {n} more", "buys {n} more {things}"],
    "-": ["loses {n}", "gives {n} away", "sells {n} of the {things}"],
    "*": ["has {n} times as many", "ends up with {n} times as many {things}"],
}
PRONOUNS = dict(zip(NAMES, "she he she he she he she he".split(), strict=True))
PAIRS = ["++", "+-", "-+", "--", "+*", "-*", "*+", "*-"]


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown, or the pool of problems is too small.
    """
    settings = read_options(options)

    def draw(random: Random) -> Drawn:
        operators, numbers = problem(random, settings)
        if settings["style"] == "natural":
            text, solution = natural(random, operators, numbers)
        else:
            text, solution = prompt(random, operators, numbers), ""
        return key(operators, numbers), lambda: {
            "example_id": f"chain-{'-'.join(map(str, numbers))}-{operators}",
            "prompt": text,
            "answer": str(steps(operators, numbers)[-1]),
            "problem": key(operators, numbers),
            "solution": solution,
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
    if settings["style"] not in ("miniature", "natural"):
        raise InputError(f"chain: option style is {settings['style']!r}; write miniature or natural")
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


def natural(random: Random, operators: str, numbers: list[int]) -> tuple[str, str]:
    """The user message of one problem in English, its wording drawn at random, and its worked solution."""
    name, things = random.choice(NAMES), random.choice(THINGS)
    pronoun, person = PRONOUNS[name], name.capitalize()
    first, second = (
        random.choice(ACTIONS[operator]).format(n=number, things=things)
        for operator, number in zip(operators, numbers[1:], strict=True)
    )
    start, middle, end = numbers[0], *steps(operators, numbers)
    counted = [f"{value} {things if value > 1 else things[:-1]}" for value in (middle, end)]
    return (
        f"{person} has {start} {things}. Then {pronoun} {first}. After that {pronoun} {second}. "
        f"How many {things} does {person} have now? Show both steps and end with: The answer is ...",
        f"{person} has {start} {operators[0]} {numbers[1]} = {counted[0]}. "
        f"Then {pronoun} has {middle} {operators[1]} {numbers[2]} = {counted[1]}. The answer is {end}.",
    )
