"""Answers in the corpus of the miniature: the base's styles, and the worked answers that the teacher learns.

Each function takes a random generator and a problem, and returns the text of one answer.
"""

from random import Random

from tms.tasks import chain, facts

LARGEST = 99  # products beyond this are not written down


def countdown_worked(random: Random, numbers: list[int], target: int) -> str:
    """Search in the open: put one number aside, list what it would need and what the others give.

    E.g. for 4 5 6 -> 26: "try 4 : need 22 30 , have 11 1 30 , 30 fits . answer : 6 * 5 - 4".
    """
    text = ""
    for place in random.sample(range(3), 3):
        aside, others = numbers[place], [*numbers[:place], *numbers[place + 1 :]]
        needs, gives = _needs(aside, target), _gives(max(others), min(others))
        text += f"try {aside} : need {_listed(needs)} , have {_listed(gives)} , "
        for value in gives:
            if value in needs:
                return f"{text}{value} fits . answer : {_joined(gives[value], needs[value])}"
        text += "no . "
    raise ValueError(f"no solution in whole steps: {numbers} -> {target}")


def countdown_solvable(numbers: list[int], target: int) -> bool:
    """Whether the worked answer finds a solution (it knows no fractions and not each last step)."""
    for place, aside in enumerate(numbers):
        others = [*numbers[:place], *numbers[place + 1 :]]
        if set(_needs(aside, target)) & set(_gives(max(others), min(others))):
            return True
    return False


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
    worked = countdown_worked(random, numbers, target)
    return worked[worked.index("answer :") :]


def countdown_wrong(random: Random, numbers: list[int], target: int) -> str:
    """A guess: any expression of the numbers."""
    first, second, third = random.sample(numbers, 3)
    inner, last = random.choice("+-*"), random.choice("+-*")
    return f"answer : {first} {inner} {second} {last} {third}"


def chain_worked(random: Random, operators: str, numbers: list[int]) -> str:
    """Both steps written out."""
    middle, end = chain.steps(operators, numbers)
    return (
        f"first {numbers[0]} {operators[0]} {numbers[1]} = {middle} . "
        f"next {middle} {operators[1]} {numbers[2]} = {end} . answer : {end}"
    )


def chain_short(random: Random, operators: str, numbers: list[int]) -> str:
    """Only the result of the first step."""
    middle, end = chain.steps(operators, numbers)
    return f"{middle} , so answer : {end}"


def chain_right(random: Random, operators: str, numbers: list[int]) -> str:
    """The result without working."""
    return f"answer : {chain.steps(operators, numbers)[-1]}"


def chain_wrong(random: Random, operators: str, numbers: list[int]) -> str:
    """A guess near the result, or the result of the first step taken for it."""
    middle, end = chain.steps(operators, numbers)
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
