r"""Solved inequalities and the intervals that they stand for: `-1 \le x \le 4` and `[-1, 4]`."""

import re

from tms.answers.lists import NAMED, TEXT, split_values

RELATION = re.compile(r"\\(?:le|ge|lt|gt|ne)(?![a-zA-Z])|[<>]")
KINDS = {r"\le": "<=", r"\ge": ">=", r"\lt": "<", r"\gt": ">", r"\ne": "!=", "<": "<", ">": ">"}
VARIABLE = re.compile(r"[a-zA-Z](?:\([a-zA-Z]\))?|\\(?:alpha|beta|gamma|theta|lambda|mu|phi|omega)")
NEGATIVE = re.compile(rf"-\s*({VARIABLE.pattern})")
BUILDER = re.compile(
    r"\\\{\s*(?:[a-zA-Z]|\\[a-z]+)\s*(?:\\in\s*[^:|]*?)?(?:\\mid(?![a-z])|\\vert(?![a-z])|[:|])(.*)\\\}"
)
MEMBER = re.compile(rf"({VARIABLE.pattern})\s*\\in\s*([(\[][^()\[\]]*[)\]])")
IMPLIES = re.compile(r"\\(?:implies|iff|(?:Long)?(?:left)?(?:Left)?[rR]ightarrow)(?![a-zA-Z])|[⇒⟹⇔]")
TURNED = str.maketrans("<>", "><")
OR = re.compile(r"(?<![\\a-zA-Z])or(?![a-zA-Z])|\\(?:lor|vee)(?![a-zA-Z])|∨", flags=re.IGNORECASE)


def is_relation(answer: str) -> bool:
    """Whether a tidy answer has an inequality in it."""
    return RELATION.search(answer) is not None


def intervals(answer: str) -> dict[str, list[str]]:
    r"""Variable and intervals of a tidy answer whose inequalities are all solved for one variable.

    Two readings where it does not say whether they hold together ("x > 2, x < 5") or not. Empty for the
    question's own inequality: one in which the variable stands with something else.
    """
    answer = IMPLIES.split(answer)[-1]
    of_set = BUILDER.fullmatch(answer.strip())
    answer = (of_set[1] if of_set else answer).replace(r"\cup", " or ").replace(r"\cap", " and ")
    solved = [_interval(part) for part in split_values(answer)]
    if None in solved or len({variable for variable, _ in solved}) != 1:
        return {}
    parts = [interval for _, interval in solved]
    union = r" \cup ".join(parts)
    if len(parts) == 1 or OR.search(TEXT.sub(r" \1 ", answer)):
        return {solved[0][0]: [union]}
    both = [part for part in parts if "cup" not in part]
    above = [part.removesuffix(r"\infty)") for part in both if part.endswith(r", \infty)")]
    below = [part.removeprefix(r"(-\infty, ") for part in both if part.startswith(r"(-\infty, ")]
    if len(above) == len(below) == 1:
        both = [above[0] + below[0]]
    both += [f"({part})" for part in parts if "cup" in part]
    return {solved[0][0]: [r" \cap ".join(both), union]}


def _interval(part: str) -> tuple[str, str] | None:
    """Variable and interval of one solved inequality, None where it is not solved."""
    named = NAMED.fullmatch(part)
    if named and not RELATION.search(part):
        return named[1], rf"\{{{named[2].strip()}\}}"
    if member := MEMBER.fullmatch(part):
        return member[1], member[2]
    sides = [side.strip() for side in RELATION.split(part)]
    kinds = [KINDS[relation] for relation in RELATION.findall(part)]
    if len(sides) == 2 and any(NEGATIVE.fullmatch(side) for side in sides):  # `-x > -1`
        sides = [NEGATIVE.sub(r"\1", side) if NEGATIVE.fullmatch(side) else f"-({side})" for side in sides]
        kinds = [kinds[0].translate(TURNED)]
    names = [side for side in sides if VARIABLE.fullmatch(side)]
    if len(kinds) == 1 and VARIABLE.fullmatch(sides[1]) and not VARIABLE.fullmatch(sides[0]):
        sides, kinds = sides[::-1], [kinds[0].translate(TURNED)]
    elif len(kinds) == 2:
        if kinds[0][0] == ">":
            sides, kinds = sides[::-1], [kind.replace(">", "<") for kind in kinds[::-1]]
        if any(kind[0] != "<" for kind in kinds) or not VARIABLE.fullmatch(sides[1]):
            return None
        low, variable, high = sides
        if _holds(low, variable) or _holds(high, variable):
            return None
        return variable, f"{'[' if '=' in kinds[0] else '('}{low}, {high}{']' if '=' in kinds[1] else ')'}"
    if len(kinds) != 1 or not names or _holds(sides[1], sides[0]) or not sides[1]:
        return None
    variable, bound = sides
    closed = "=" in kinds[0]
    if kinds[0] == "!=":
        return variable, rf"(-\infty, {bound}) \cup ({bound}, \infty)"
    if kinds[0][0] == "<":
        return variable, rf"(-\infty, {bound}{']' if closed else ')'}"
    return variable, rf"{'[' if closed else '('}{bound}, \infty)"


def _holds(bound: str, variable: str) -> bool:
    """Whether a bound has the variable in it."""
    return re.search(rf"(?<![a-zA-Z\\]){re.escape(variable)}(?![a-zA-Z])", bound) is not None
