r"""The mathematical answer that a completion states: boxed first, then announced, then what stands last."""

import re

from tms.answers.boxes import LONGEST_ANSWER
from tms.answers.number_extraction import last_number, number_of, offered
from tms.answers.numerals import NUMBER, NUMERAL
from tms.answers.statement import (
    ALTERNATIVE,
    CONNECTED,
    FILLER,
    FORMULA,
    MATH,
    announced,
    boxed_statement,
    content,
    readable,
    restated,
    without_denied,
)

MOST_WORDS = 6  # of an announced answer in words
BARE = r"-?(?<!\d)\d*(?:\\[dtc]?frac\s*\{[^{}]{1,60}\}\s*\{[^{}]{1,60}\}|\\sqrt\s*\{[^{}]{1,60}\}|√\d+|π)"
EXPRESSION = re.compile(f"{MATH}|(?P<bare>{BARE})|(?P<number>{NUMERAL})", flags=re.DOTALL | re.ASCII)
COPULA = re.compile(r"(?<!\bor it )(?<!\band it )\b(?:is|are|equals)\s+(?=[-$\\(\d])")
WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{3,}")
NO_EXPRESSION = re.compile(  # a word, a letter of a script that is not Latin or Greek, dollars, tags
    rf"{WORD.pattern}|\b(?:an|as|at|by|if|in|is|it|no|of|or|so|to|we)\b|[^\W\d_a-zA-ZΑ-Ωα-ω]|[$:?<>]|\\[()\[\]]"
)
WORDS = r"(?:\s*[-a-zA-Z()%/.]+(?:\s+[-a-zA-Z()%/.]+){0,3})?"  # behind a value: its unit, or what it is for
BETWEEN = re.compile(rf"{WORDS}{CONNECTED}\s*(?:{FILLER}\s+){{0,3}}", flags=re.IGNORECASE)
BETWEEN_LAST = re.compile(
    rf"[\s*_`]*(?:[,;(?—–/|&]\s*)?(?:\band\s+|\b{ALTERNATIVE}\b[,.]?\s+(?:{FILLER}\s+){{0,3}})?[*_`]*",
    flags=re.IGNORECASE,
)


def number_answer(completion: str) -> str:
    """The number that a completion gives as its answer (GSM8K): boxed, announced, or the last one.

    "12 or 20" where it gives several.
    """
    text = readable(completion)
    listed = [] if restated(text) else boxed_statement(text)
    if listed:
        return offered([number_of(item) or item for item in listed])
    stated = announced(text) or ""
    formula = FORMULA.match(stated)
    if formula and "\\" in content(formula):  # else the signs may be currencies
        stated = _listed(stated, formula)
    return number_of(stated) or last_number(text)


def expression_answer(completion: str) -> str:
    """The expression that a completion gives as its answer (MATH): boxed, announced, or the last one.

    With commas between where it gives several.
    """
    text = readable(completion)
    listed = [] if restated(text) else boxed_statement(text)
    if listed:
        return ", ".join(listed)
    sentence = announced(text)
    if sentence is not None and (stated := _stated(sentence)):
        return stated
    text = without_denied(text)
    return _bare_line(text) or _last(list(EXPRESSION.finditer(text)), text)


def _stated(sentence: str) -> str:
    """The statement of an announcing sentence: its formulas, else what follows "is", else its one number.

    A formula inside a sentence may name what is asked for ("the largest $n$ is 34"), so what follows "is"
    comes first there. "" where a sentence of many words has neither a formula nor a number.
    """
    formula = FORMULA.search(sentence)
    before = sentence[: formula.start()] if formula else sentence
    if WORD.search(before) and (copula := COPULA.search(sentence)):
        sentence = sentence[copula.end() :]
        formula = FORMULA.search(sentence)
    if formula and content(formula)[:1].isdigit() and sentence[formula.end() :][:1].isdigit():
        sentence, formula = sentence.replace("$", ""), None  # signs of currencies
    if formula:
        return _listed(sentence, formula)
    numbers = list(NUMBER.finditer(sentence))
    if len(numbers) == 1 and len(WORD.findall(sentence.partition(numbers[0].group())[0])) > 1:
        return numbers[0].group()
    return sentence if numbers or len(sentence.split()) <= MOST_WORDS else ""


def _listed(sentence: str, formula: re.Match) -> str:
    """A formula and the values that "and", "or" or a comma joins to it in its sentence, with commas."""
    values = list(EXPRESSION.finditer(sentence))
    first = last = next(index for index, value in enumerate(values) if value.end() >= formula.end())
    while first and BETWEEN.fullmatch(sentence, values[first - 1].end(), values[first].start()):
        first -= 1
    while values[last] is not values[-1] and BETWEEN.fullmatch(
        sentence, values[last].end(), values[last + 1].start()
    ):
        last += 1
    return ", ".join(map(content, values[first : last + 1]))


def _last(values: list[re.Match], text: str) -> str:
    """The last expression of a text, and those that a comma, "and" or "or" joins to it, if named alike."""
    found: list[str] = []
    for index in reversed(range(len(values))):
        if found and not (
            BETWEEN_LAST.fullmatch(text, values[index].end(), values[index + 1].start())
            and len({name for value in (content(values[index]), found[0]) if (name := _name(value))}) < 2
        ):
            break
        found.insert(0, content(values[index]))
    return ", ".join(found)


def _name(value: str) -> str:
    name = re.match(r"([^=<>]*)=", value)
    return name[1].strip() if name else ""


def _bare_line(text: str) -> str:
    """The last line where it is an expression without words and dollars, such as `(2, 3)` or `x^2 + 1`."""
    line = text.rstrip().rpartition("\n")[2].strip(" *`.")
    if len(line) > LONGEST_ANSWER or NO_EXPRESSION.search(line):
        return ""
    result = line.rpartition("=")[2] if "," not in line else line
    with_unit = re.fullmatch(rf"\s*{NUMERAL}\s*[a-zA-Z/²³%€£.]*", result, flags=re.ASCII)
    return "" if with_unit or not re.search(r"\w", result) else result.strip()
