r"""Answers that hold several values: lists, sets and solutions of systems."""

import re

from tms.answers.statement import CONNECTIVES

SET = re.compile(r"\s*(?:\\left\s*)?\\\{(.*?)(?:\\right\s*)?\\\}\s*")
BRACKETED = re.compile(r"\\begin\s*\{([a-z]+)\}.*?\\end\s*\{\1\}|[({\[][^(){}\[\]]*[)}\]]", flags=re.DOTALL)
TEXT = re.compile(r"\\(?:text|mathrm|mbox|textbf)\s*\{([^{}]*)\}")
GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:,\s*\\!\s*\d{3}|,\d{3})+(?!\d)")
SEPARATOR = re.compile(
    r"[,;∨∧&…—]|\.\.+|\\\\|\\(?:lor|vee|land|wedge)(?![a-zA-Z])|(?<=\d)\s*\|\s*(?=-?\d|[a-zA-Z]\s*=)|/(?=\s*[a-zA-Z]\s*=)"
    rf"|(?<![\\a-zA-Z]){CONNECTIVES}(?![a-zA-Z])",
    flags=re.IGNORECASE,
)
NAMED = re.compile(r"(\\?[a-zA-Z]+(?:_\{?\w\}?)?)\s*=\s*([^=]+)")


def split_values(answer: str) -> list[str]:
    r"""The values of an answer, one where it is no list: `1, 2`, `1 \text{ or } 2`, `\{1, 2\}`, `1 and 2`."""
    of_set = SET.fullmatch(answer)
    answer = TEXT.sub(r" \1 ", of_set[1] if of_set else answer)
    masked = GROUPED.sub(_mask, answer)
    while (inner := BRACKETED.sub(_mask, masked)) != masked:
        masked = inner
    values, start = [], 0
    for separator in SEPARATOR.finditer(masked):
        values.append(answer[start : separator.start()].strip())
        start = separator.end()
    values.append(answer[start:].strip())
    return [value for value in values if value]


def _mask(match: re.Match) -> str:
    return "#" * len(match.group())


def is_set(answer: str) -> bool:
    r"""Whether an answer is a set of values whose order says nothing: `\{1, 2\}` or `\pm 3`."""
    return SET.fullmatch(answer) is not None or r"\pm" in answer


def is_list(answer: str) -> bool:
    r"""Whether a gold answer lists several values: `1, -2`, `1 \text{ or } 2`, `\{1, 2\}` or `\pm 3`."""
    return len(split_values(answer)) > 1 or r"\pm" in answer


def solutions(values: list[str]) -> list[dict[str, str]]:
    """Solutions of a system, each a value by name, of `a=1`, `b=2`, `a=3`, `b=4`; [] where one has none."""
    found: list[dict[str, str]] = []
    for value in values:
        named = NAMED.fullmatch(value.strip())
        if not named:
            return []
        if not found or named[1] in found[-1]:
            found.append({})
        found[-1][named[1]] = named[2].strip()
    return found
