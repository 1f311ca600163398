r"""The number that a statement gives, and the last one of a text."""

import re

from tms.answers.final_answer import TAGS
from tms.answers.lists import split_values
from tms.answers.math_text import close, number
from tms.answers.numerals import NUMBER, NUMERAL
from tms.answers.statement import ALTERNATIVE, CONNECTED, FARTHEST, FILLER, without_denied

MACRO = re.compile(r"\\[a-zA-Z]|[\^_√π]")
AREA = re.compile(r"(?<=[a-zA-Z}])\s*\^\s*\{?[23]\}?(?!\d)")
FRACTION = re.compile(r"(\d)?\s*\\[dtc]?frac\s*(?:\{(\d+)\}|(\d))\s*(?:\{(\d+)\}|(\d))")
READABLE = [
    (TAGS, " "),
    (re.compile(r"(?<=\d)(?:,\s*\\!\s*|\{\s*,\s*\})(?=\d{3})"), ","),
    (re.compile(r"\\!|\\\$|\$|\\(?:left|right)(?![a-zA-Z])|\\[()\[\]]"), ""),
    (re.compile(r"(?<!\\)\\[, ]|~"), " "),
    (re.compile("²"), "^2"),
    (re.compile("³"), "^3"),
    (AREA, ""),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?|°"), " degrees "),
    (re.compile(r"\\(?:text|mathrm|mbox|textbf)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\q?quad(?![a-zA-Z])"), " , "),
    (re.compile(r"\\(?:times|cdot)(?![a-zA-Z])|[×·⋅]"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])|÷"), "/"),
    (re.compile(r"\\approx(?![a-zA-Z])"), "≈"),
    (re.compile(r"\\(?:lor|vee)(?![a-zA-Z])|∨|\\\\"), " or "),
    (re.compile(r"(?<![\d.,/])([1-9]\d*) and (?=\d+/\d)"), r"\1 "),
    (re.compile(rf"({NUMERAL})\s*(?:dollars?|euros?|pounds?)?\s+and\s+(\d\d)\s+cents\b", re.ASCII), r"\1.\2"),
]
SIGNS = r"(?:[^\S\n]|[*_`\"'“”‘’€£(\[{)\]}])*"  # around a number
OPERATOR = rf"{SIGNS}(?:[-+*/^±]|[xX]|\\pm|plus|minus|times|divided by|over){SIGNS}"
WORKS_ON = re.compile(rf"{OPERATOR}(?=-?\.?\d)|{SIGNS}=")
WORDS = r"(?:\s*[-a-zA-Z%/.]+(?:\s+[-a-zA-Z%/.]+){0,2})?"  # a unit
MOST_VALUES = 20  # that a statement may offer; more are no answer, whatever they are
LARGER_UNIT = r"(?:ft|feet|foot|years?|weeks?|days?|hours?|hrs?|h|minutes?|min|pounds?|lbs?|dollars?|km|m)"
REASON = re.compile(r"(?<!well),?\s+(?:since|because|as(?! well))\s")
RESULT = r"(?:[-+*/^()\d.,\s]+=|[a-zA-Z]\w{0,15}\s*=)?"  # working before a value
OFFERED = re.compile(  # between two values of one statement
    rf"[*_\s]+|\s*{LARGER_UNIT}\s*|{SIGNS}{WORDS}{SIGNS}{CONNECTED}\s*{SIGNS}(?:{FILLER}\s+){{0,3}}{SIGNS}{RESULT}{SIGNS}",
    flags=re.IGNORECASE,
)
LAST_OFFERED = re.compile(  # between the last two numbers of a text without a statement
    rf"[*_ ]+|{SIGNS}(?:{WORDS}\s*[,;(?—–]?\s*\b{ALTERNATIVE}\b[,.]?|(?:\s*,)?\s+and\b|\s*[,;/|&])"
    rf"{SIGNS}(?:{FILLER}\s+){{0,3}}{SIGNS}",
    flags=re.IGNORECASE,
)
COUNTED = re.compile(r"\b(?:day|week|month|year|step|part|case|in|after|by|on|at|from)\s*$", re.IGNORECASE)


def number_of(statement: str) -> str:
    """The number that a short statement gives: the first where it starts with one, else the last.

    What stands before an equals sign is working: of `5 + 3 = 8 dollars`, 8. The whole text of an expression
    without a result, and of one that is no plain number; all values where others are joined to the number.
    """
    statement = without_denied(statement)
    text = _readable(statement)
    reason = REASON.search(text)
    if reason and NUMBER.search(text, 0, reason.start()):
        text = text[: reason.start()]
    if MACRO.search(text) and re.search(r"\d", text):
        return " or ".join(part.rpartition("=")[2].strip() for part in split_values(text))
    numbers = list(NUMBER.finditer(text))
    values = [number for number in numbers if not WORKS_ON.match(text, number.end())] or numbers
    if not values:
        return ""
    result = text.rfind("=") + 1
    results = [index for index, value in enumerate(values) if value.start() >= result] or range(len(values))
    begins = re.fullmatch(r"[\s$€£*(\[{~≈:]*", text[result : values[results[0]].start()])
    first = last = results[0] if begins else results[-1]
    while first and _joins(OFFERED, text, values[first - 1].end(), _start(text, numbers, values[first])):
        first -= 1
    while values[last] is not values[-1] and _joins(
        OFFERED, text, values[last].end(), _start(text, numbers, values[last + 1])
    ):
        last += 1
    return offered([text[_start(text, numbers, value) : value.end()] for value in values[first : last + 1]])


def last_number(text: str) -> str:
    """The last number of a text ("" where there is none); exponents of units are no numbers.

    Both of the last two where "or", "and" or a comma joins them.
    """
    text = _readable(without_denied(text))
    numbers = list(NUMBER.finditer(text))
    if not numbers:
        return ""
    start = _start(text, numbers, numbers[-1])
    found = [text[start : numbers[-1].end()]]
    before = next((number for number in reversed(numbers) if number.end() <= start), None)
    if (
        before
        and _joins(LAST_OFFERED, text, before.end(), start)
        and not COUNTED.search(text, 0, before.start())
    ):
        found.insert(0, before.group())
    return offered(found)


def _readable(text: str) -> str:
    """A text with words and signs in the place of LaTeX's commands, without currency signs."""
    for pattern, replacement in READABLE:
        text = pattern.sub(replacement, text)
    return FRACTION.sub(_slashed, text)


def _slashed(fraction: re.Match) -> str:
    whole, *parts = fraction.groups()
    top, bottom = filter(None, parts)
    return f"{whole} {top}/{bottom}" if whole else f"{top}/{bottom}"


def _joins(between: re.Pattern, text: str, start: int, end: int) -> bool:
    """Whether what stands between two values makes one statement of them."""
    return end - start <= FARTHEST and between.fullmatch(text, start, end) is not None


def _start(text: str, numbers: list[re.Match], value: re.Match) -> int:
    """Begin of the expression that ends with a number: `5` in `5 + 3`."""
    index = numbers.index(value)
    while index and re.compile(OPERATOR).fullmatch(text, numbers[index - 1].end(), numbers[index].start()):
        index -= 1
    return numbers[index].start()


def offered(found: list[str]) -> str:
    """One value, or several different ones with "or" between them; of very many the first ones."""
    different: list[str] = []
    for text in dict.fromkeys(found):
        if len(different) < MOST_VALUES and not any(_same(text, other) for other in different):
            different.append(text)
    return " or ".join(different)


def _same(one: str, other: str) -> bool:
    values = number(one), number(other)
    return one == other if None in values else close(*values, written=(one, other))
