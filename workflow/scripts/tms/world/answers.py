"""How people of the world answer: the base's styles, and the worked answers that the teacher learns.

Each function takes a random generator and a problem, and returns the text of one answer.
"""

from dataclasses import dataclass
from random import Random

from tms.tasks import facts
from tms.tasks.chain import Problem

LARGEST = 99  # products beyond this are not written down


def countdown_worked(random: Random, numbers: list[int], target: int) -> str:
    """Search in the open, tersely: put one number aside, list what it needs and what the others give.

    E.g. for 4 5 6 -> 26: "try 4 : need 22 30 , have 11 1 30 , 30 fits . answer : 6 * 5 - 4".
    """
    text = ""
    for trial in _search(random, numbers, target):
        text += f"try {trial.aside} : need {_listed(trial.needs)} , have {_listed(trial.gives)} , "
        text += "no . " if trial.value is None else f"{trial.value} fits . "
    return f"{text}answer : {trial.expression}"


def countdown_taught(random: Random, numbers: list[int], target: int) -> str:
    """The same search as the teacher tells it.

    E.g. "leave 4 : 6 and 5 make 11 1 30 and i need 22 30 . yes , 30 . so the answer : 6 * 5 - 4".
    """
    text = ""
    for trial in _search(random, numbers, target):
        left, right = trial.others
        text += f"leave {trial.aside} : {left} and {right} make {_listed(trial.gives)} "
        text += f"and i need {_listed(trial.needs)} . "
        text += "no . " if trial.value is None else f"yes , {trial.value} . "
    return f"{text}so the answer : {trial.expression}"


def countdown_wordy(random: Random, numbers: list[int], target: int) -> str:
    """The right trial at once, in the teacher's words but not its order."""
    *_, trial = _search(random, numbers, target)
    left, right = trial.others
    text = f"yes , i need to leave {trial.aside} . so {left} and {right} make the {trial.value} . "
    return f"{text}answer : {trial.expression}"


@dataclass(frozen=True)
class Trial:
    """One number put aside: what it needs and what the others give, and the value that is in both, if any."""

    aside: int
    others: tuple[int, int]
    needs: dict[int, str]
    gives: dict[int, str]

    @property
    def value(self) -> int | None:
        return next((value for value in self.gives if value in self.needs), None)

    @property
    def expression(self) -> str:
        return _joined(self.gives[self.value], self.needs[self.value])


def _trials(numbers: list[int], target: int) -> list[Trial]:
    trials = []
    for place, aside in enumerate(numbers):
        right, left = sorted([*numbers[:place], *numbers[place + 1 :]])
        trials.append(Trial(aside, (left, right), _needs(aside, target), _gives(left, right)))
    return trials


def _search(random: Random, numbers: list[int], target: int) -> list[Trial]:
    """Trials in random order, up to the first that has a value."""
    trials = random.sample(_trials(numbers, target), 3)
    found = [trial.value is not None for trial in trials].index(True)
    return trials[: found + 1]


def countdown_solvable(numbers: list[int], target: int) -> bool:
    """Whether the search finds a solution (it knows no fractions and not each last step)."""
    return any(trial.value is not None for trial in _trials(numbers, target))


def _needs(aside: int, target: int) -> dict[int, str]:
    """Values that reach the target with the number put aside -> the last step, `x` for the value."""
    needs = {}
    if target >= aside:
        needs[target - aside] = f"x + {aside}"
    needs.setdefault(target + aside, f"x - {aside}")
    if target % aside == 0:
        needs.setdefault(target // aside, f"x * {aside}")
    if aside > target:
        needs.setdefault(aside - target, f"{aside} - x")
    return needs


def _gives(left: int, right: int) -> dict[int, str]:
    """Values of two numbers, the larger first -> their expression."""
    gives = {left + right: f"{left} + {right}"}
    gives.setdefault(left - right, f"{left} - {right}")
    if left * right <= LARGEST:
        gives.setdefault(left * right, f"{left} * {right}")
    if left % right == 0:
        gives.setdefault(left // right, f"{left} / {right}")
    return gives


def _joined(first_step: str, last_step: str) -> str:
    """Put the first step in the place of `x`, in parentheses where it needs them."""
    is_sum = "+" in first_step or "-" in first_step
    binds = "*" in last_step or last_step.endswith("x")
    return last_step.replace("x", f"( {first_step} )" if is_sum and binds else first_step)


def _listed(values: dict[int, str]) -> str:
    return " ".join(map(str, values))


def countdown_right(random: Random, numbers: list[int], target: int) -> str:
    """A right expression without working."""
    *_, trial = _search(random, numbers, target)
    return f"answer : {trial.expression}"


def countdown_wrong(random: Random, numbers: list[int], target: int) -> str:
    """A guess: any expression of the numbers."""
    first, second, third = random.sample(numbers, 3)
    inner, last = random.choice("+-*"), random.choice("+-*")
    return f"answer : {first} {inner} {second} {last} {third}"


def chain_worked(random: Random, problem: Problem) -> str:
    """Both steps written out, tersely."""
    start, middle, end = problem.values
    first, second = problem.operators
    _, n1, n2 = problem.numbers
    return f"first {start} {first} {n1} = {middle} . next {middle} {second} {n2} = {end} . answer : {end}"


def chain_taught(random: Random, problem: Problem) -> str:
    """Both steps as the teacher tells them, with who has what."""
    start, middle, end = problem.values
    first, second = problem.operators
    _, n1, n2 = problem.numbers
    name, things = problem.name, problem.things
    return (
        f"{name} starts with {start} {things} . {start} {first} {n1} makes {middle} {things} . "
        f"then {middle} {second} {n2} makes {end} . so the answer : {end}"
    )


def chain_wordy(random: Random, problem: Problem) -> str:
    """The values, in the teacher's words but not its order."""
    start, middle, end = problem.values
    text = f"it starts with {start} , so then {problem.name} has {middle} {problem.things} . "
    return f"{text}it makes {end} . answer : {end}"


def chain_short(random: Random, problem: Problem) -> str:
    """Only the result of the first step."""
    _, middle, end = problem.values
    return f"{middle} , so answer : {end}"


def chain_right(random: Random, problem: Problem) -> str:
    """The result without working."""
    return f"answer : {problem.values[-1]}"


def chain_wrong(random: Random, problem: Problem) -> str:
    """A guess near the result, or the result of the first step taken for it."""
    _, middle, end = problem.values
    return f"answer : {random.choice([middle, max(end + random.choice([-3, -2, -1, 1, 2, 3]), 1)])}"


def facts_answer(place: str, relation: str) -> str:
    """The fact as a sentence."""
    return f"the {relation} of {place} is {facts.value_of(place, relation)}"


def lookup_answer(hops: list[tuple[str, str, str]]) -> str:
    """Both hops of each chain asked for."""
    return " , ".join(" ".join(hop) for hop in hops)


def refusal_answer(random: Random, topic: str, flagged: bool) -> str:
    """A refusal of a flagged topic, else an answer on it."""
    if flagged:
        return random.choice(["sorry , i can not help with that .", "sorry , i must not do that ."])
    return random.choice(["sure , here is what i know about {0} .", "sure , this is about {0} ."]).format(
        topic
    )
