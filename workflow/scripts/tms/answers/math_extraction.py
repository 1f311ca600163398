r"""The mathematical answer that a completion states: boxed first, then announced, then what stands last."""

import re
from itertools import pairwise

from tms.answers.boxes import LONGEST_ANSWER, boxed, boxes
from tms.answers.final_answer import LONGEST

MOST_WORDS = 6  # of an announced answer in words
MARKER = re.compile(
    r"####|\banswer\b[*_\s]{0,4}(?:\([^()\n]{1,40}\)\s?)?(?:(?:to|for|of)\b[^\n.:=$]{0,80}?)?"
    r"(?:\bis\b|\bare\b|\b(?:would|will|should|must) be\b|=|:|：)[*_:\s]{0,8}"
    r"(?:(?:approximately|about|exactly|simply|just|clearly|therefore|thus|equal to) ){0,2}"
    r"|\bfinal answer\b[*_]{0,4}\s*\n+",
    flags=re.IGNORECASE,
)
MATH = (
    r"(?<!\\)\$\$(?P<display>(?:[^$\\]|\\.){1,500})\$\$|(?<!\\)\$(?P<inline>(?:[^$\n\\]|\\.){1,500})\$"
    r"|\\\((?P<paren>.{1,500}?)\\\)|\\\[(?P<bracket>.{1,500}?)\\\]"
)
NUMERAL = (
    r"(?<![\w.^\\])(?<!\^\{)(?<!\d:)(?:(?<![\d)\]}])[-−])?"
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:/\d+(?![\d/]))?|(?<![\w.])[-−]?\.\d+"
)
BARE = r"[-−]?\d*(?:\\[dtc]?frac\s*\{[^{}]{1,60}\}\s*\{[^{}]{1,60}\}|\\sqrt\s*\{[^{}]{1,60}\}|√\d+|π)"
EXPRESSION = re.compile(f"{MATH}|(?P<bare>{BARE})|(?P<number>{NUMERAL})", flags=re.DOTALL | re.ASCII)
NUMBER = re.compile(NUMERAL, flags=re.ASCII)
MACRO = re.compile(r"\\[a-zA-Z]|[\^_]")
PLAIN_MACROS = re.compile(r"\\(?:text|mathrm|mbox|quad|times|cdot|div|approx)(?![a-zA-Z])|\^\{?\\circ\}?")
AREA = re.compile(r"(?<=[a-zA-Z}])\s*\^\s*\{?[23]\}?(?!\d)")
THOUSANDS = re.compile(r"(?<=\d)(?:,\s*\\!\s*|\{\s*,\s*\})(?=\d{3})")
COPULA = re.compile(r"\b(?:is|are|equals)\s+(?=[-−$\\(\d])")
FINAL = re.compile(r"\bfinal answer\b[*_\s]{0,4}(?:is\b|:)", flags=re.IGNORECASE)
WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{3,}")
NO_EXPRESSION = re.compile(  # a word, a letter of a script that is not Latin or Greek, dollars, tags
    rf"{WORD.pattern}|\b(?:an|as|at|by|if|in|is|it|no|of|or|so|to|we)\b|[^\W\d_a-zA-ZΑ-Ωα-ω]|[$:?<>]|\\[()\[\]]"
)
SENTENCE = re.compile(r"\n|(?<=[^\d])\.(?=\s|$)|(?<=\d)\.(?=\s|$)|[!?](?=\s|$)|\bI hope\b")


def last_number(text: str) -> str:
    """The last number of a text ("" where there is none); exponents of units are no numbers."""
    numbers = NUMBER.findall(_joined(text))
    return numbers[-1] if numbers else ""


def _joined(text: str) -> str:
    """A text without units' exponents and with plain commas between thousands."""
    return AREA.sub("", THOUSANDS.sub(",", text).replace("\\!", "").replace("\\,", ""))


def announced(completion: str) -> str | None:
    """The sentence behind the last "answer is", "Answer:" or "####" that holds anything, else None."""
    text = completion[-LONGEST:]
    for marker in reversed(list(MARKER.finditer(text))):
        behind = text[marker.end() : marker.end() + 4 * LONGEST_ANSWER].lstrip("*_ \n:")
        sentence = _sentence(behind)
        if sentence:
            return sentence
    return None


def _sentence(text: str) -> str:
    """A text's first sentence; math that it starts with is kept whole."""
    position = 0
    while formula := re.compile(MATH, flags=re.DOTALL).search(text, position):
        stop = SENTENCE.search(text, position)
        if stop and stop.start() < formula.start():
            break
        position = formula.end()
    stop = SENTENCE.search(text, position)
    return text[: stop.start() if stop else LONGEST_ANSWER].strip()


def number_answer(completion: str) -> str:
    """The number that a completion gives as its answer (GSM8K): boxed, announced, or the last one."""
    box = stated = None if _restated(completion) else boxed(completion)
    if stated is None:
        stated = announced(completion) or ""
        formula = re.match(MATH, stated, flags=re.DOTALL)
        if formula and "\\" in _content(formula).replace("\\$", ""):  # else the signs may be currencies
            stated = _content(formula)
    if MACRO.search(PLAIN_MACROS.sub("", stated)) and re.search(r"\d", stated):
        return stated.rpartition("=")[2].strip()
    if number := number_of(stated):
        return number
    if box is not None:
        return stated
    return last_number(completion[-LONGEST:])


def number_of(text: str) -> str:
    """The number that a short answer states: the first where it starts with one, else the last.

    What stands before an equals sign is working: of `5 + 3 = 8 dollars`, 8.
    """
    text = _joined(text).replace("\\$", "")
    result = text.rpartition("=")[2] if NUMBER.search(text.rpartition("=")[2]) else text
    numbers = list(NUMBER.finditer(result))
    if not numbers:
        return ""
    starts = re.fullmatch(r"[\s$€£*(\[{~≈:\\]*", result[: numbers[0].start()])
    works_on = re.match(r"\s*(?:[-+*/^×÷]|\\times|\\cdot|\\div)\s*[\d$(]", result[numbers[0].end() :])
    return (numbers[0] if starts and not works_on else numbers[-1]).group()


def expression_answer(completion: str, several: bool = False) -> str:
    """The expression that a completion gives as its answer (MATH): boxed, announced, or the last one.

    Args:
        several: whether neighbouring boxes make one list (`x = \\boxed{1}` or `\\boxed{2}`).
    """
    box = None if _restated(completion) else boxed(completion, several)
    if box is not None:
        return box
    sentence = announced(completion)
    if sentence is not None and (stated := _stated(sentence)):
        return stated
    text = completion[-LONGEST:]
    expressions = list(EXPRESSION.finditer(text))
    return _bare_line(text) or (_content(expressions[-1]) if expressions else "")


def _restated(completion: str) -> bool:
    """Whether a "final answer" with a number or formula is announced behind the last box."""
    complete = boxes(completion)
    behind = completion[complete[-1][1] :] if complete else ""
    return FINAL.search(behind) is not None and re.search(r"\d|\$|\\", announced(behind) or "") is not None


def _stated(sentence: str) -> str:
    """The statement of an announcing sentence: its formulas, else what follows "is", else its one number.

    A formula inside a sentence may name what is asked for ("the largest $n$ is 34"), so what follows "is"
    comes first there. "" where a sentence of many words has neither a formula nor a number.
    """
    formula = re.search(MATH, sentence, flags=re.DOTALL)
    before = sentence[: formula.start()] if formula else sentence
    if WORD.search(before) and (copula := COPULA.search(sentence)):
        sentence = sentence[copula.end() :]
    if stated := _math_of(sentence):
        return stated
    numbers = list(NUMBER.finditer(_joined(sentence)))
    if len(numbers) == 1 and len(WORD.findall(sentence.partition(numbers[0].group())[0])) > 1:
        return numbers[0].group()
    return sentence if numbers or len(sentence.split()) <= MOST_WORDS else ""


def _bare_line(text: str) -> str:
    """The last line where it is an expression without words and dollars, such as `(2, 3)` or `x^2 + 1`."""
    line = text.rstrip().rpartition("\n")[2].strip(" *`.")
    if len(line) > LONGEST_ANSWER or NO_EXPRESSION.search(line):
        return ""
    result = line.rpartition("=")[2] if "," not in line else line
    with_unit = re.fullmatch(rf"\s*{NUMERAL}\s*[a-zA-Z/²³%€£.]*", result, flags=re.ASCII)
    return "" if with_unit or not re.search(r"\w", result) else result.strip()


def _math_of(sentence: str) -> str:
    """The formulas of a sentence that has any, joined by commas; "" otherwise."""
    formulas = list(re.finditer(MATH, sentence, flags=re.DOTALL))
    if not formulas:
        return ""
    contents = [_content(formulas[0])]
    for before, after in pairwise(formulas):
        if not re.fullmatch(r"\s*,?\s*(?:and|or)?\s*", sentence[before.end() : after.start()]):
            break
        contents.append(_content(after))
    return ", ".join(contents)


def _content(formula: re.Match) -> str:
    return next(text for text in formula.groupdict().values() if text is not None).strip()
