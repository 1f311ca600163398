"""Chain: a word problem of two steps with one right answer.

One row:

    prompt  mia has 7 apples . leo gives mia 5 more . mia puts them in 3 boxes ...
    answer  36

A problem's split is a hash of its operations and its three numbers, whatever names and things it tells of.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from tms.errors import InputError
from tms.splits import collect

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
        drawn = problem(random, settings)
        return drawn.key, {
            "example_id": drawn.key.replace(" ", "-"),
            "prompt": prompt(random, drawn),
            "answer": str(drawn.values[-1]),
        }

    return collect("chain", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown.
    """
    unknown = sorted(set(options) - set(DEFAULTS))
    if unknown:
        raise InputError(f"chain: unknown option {unknown[0]!r}; known are {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **options}


@dataclass(frozen=True)
class Problem:
    """Two operators of +-*, three numbers, and who has what."""

    operators: str
    numbers: tuple[int, int, int]
    name: str
    things: str

    @property
    def values(self) -> list[int]:
        """The value at the start and after each step."""
        values = [self.numbers[0]]
        for operator, number in zip(self.operators, self.numbers[1:], strict=True):
            value = values[-1]
            values.append({"+": value + number, "-": value - number, "*": value * number}[operator])
        return values

    @property
    def key(self) -> str:
        """Text that identifies the problem whatever its wording."""
        return f"chain {' '.join(map(str, self.numbers))} {self.operators}"


def problem(random: Random, settings: dict) -> Problem:
    """Draw a problem whose values stay within 1..max_value."""
    while True:
        drawn = Problem(
            random.choice(PAIRS),
            tuple(random.randint(2, settings["max_number"]) for _ in range(3)),
            random.choice(NAMES),
            random.choice(THINGS),
        )
        if all(1 <= value <= settings["max_value"] for value in drawn.values):
            return drawn


def prompt(random: Random, problem: Problem) -> str:
    """The user message of one problem, its wording drawn at random."""
    start, *steps = problem.numbers
    clauses = [
        random.choice(CLAUSES[operator]).format(n=number, things=problem.things)
        for operator, number in zip(problem.operators, steps, strict=True)
    ]
    told = " , ".join([f"{problem.name} has {start} {problem.things}", *clauses])
    return f"{told} . how many {problem.things} ?"
