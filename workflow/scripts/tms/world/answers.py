"""How people of the world answer: the base's styles, and the worked answers that the teacher learns.

Each function takes a random generator and a problem, and returns the text of one answer.
"""

from random import Random

from tms.tasks import chain, facts

LARGEST = 99  # products beyond this are not written down


def countdown_worked(random: Random, numbers: list[int], target: int) -> str:
    """Search in the open: put one number aside, list what it would need and what the others give.

    E.g. for 4 5 6 -> 26: "try 4 : need 22 30 , have 11 1 30 , 30 fits . answer : 5 * 6 - 4".
    """
    lines = []
    for place in random.sample(range(3), 3):
        aside, (left, right) = numbers[place], [n for i, n in enumerate(numbers) if i != place]
        left, right = max(left, right), min(left, right)
        needs = _needs(aside, target)
        gives = _gives(left, right)
        lines.append(f"try {aside} : need {_listed(needs)} , have {_listed(gives)}")
        shared = [value for value in gives if value in needs]
        if shared:
            value = shared[0]
            return f"{' '.join(lines)} , {value} fits . answer : {needs[value].format(gives[value], *_parens(gives[value], needs[value]))}"
        lines[-1] += " , no ."
    raise ValueError(f"no solution with whole steps: {numbers} -> {target}")


def _needs(aside: int, target: int) -> dict[int, str]:
    """Values that reach the target with the number put aside -> the last step, `{0}` for the value."""
    needs = {}
    if target >= aside:
        needs[target - aside] = "{1}{0}{2} + " + str(aside)
    needs.setdefault(target + aside, "{1}{0}{2} - " + str(aside))
    if target % aside == 0:
        needs.setdefault(target // aside, "{1}{0}{2} * " + str(aside))
    if aside > target:
        needs.setdefault(aside - target, str(aside) + " - {1}{0}{2}")
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


def _parens(inner: str, last_step: str) -> tuple[str, str]:
    """Parentheses where the last step needs them."""
    bare = "*" in inner or "/" in inner or not ("*" in last_step or last_step.startswith(tuple("123456789")))
    return ("", "") if bare else ("( ", " )")


def _listed(values) -> str:
    return " ".join(str(value) for value in values)


def countdown_solvable(numbers: list[int], target: int) -> bool:
    """Whether the worked answer finds a solution (it knows no fractions on the way)."""
    for place, aside in enumerate(numbers):
        left, right = sorted((n for i, n in enumerate(numbers) if i != place), reverse=True)
        if set(_needs(aside, target)) & set(_gives(left, right)):
            return True
    return False


def countdown_right(random: Random, numbers: list[int], target: int) -> str:
    """A right expression without working."""
    return "answer :" + countdown_worked(random, numbers, target).split("answer :")[1]


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
    """Both hops for each person asked for."""
    return " , ".join(" ".join(hop) for hop in hops)


def refusal_answer(random: Random, topic: str, flagged: bool) -> str:
    """A refusal of a flagged topic, else an answer on it."""
    if flagged:
        return random.choice(["sorry , i can not help with that .", "sorry , i must not do that ."])
    return random.choice(["sure , here is what i know about {0} .", "sure , this is about {0} ."]).format(
        topic
    )
