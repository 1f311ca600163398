r"""Equality of two mathematical answers: plain numbers exactly, then as text, then by math-verify.

math-verify 0.9 (https://github.com/huggingface/Math-Verify) parses both answers in the same way. Its own
limits count seconds of the wall clock and raise an exception, which sympy may swallow, so they are off: the
grading pool limits the CPU seconds of a row (`tms.grading.process.limit_cpu`), and what would build huge
numbers is never handed over.
"""

import logging
import re
from fractions import Fraction
from functools import lru_cache

from tms.answers.boxes import LONGEST_ANSWER
from tms.answers.grade import Grade
from tms.answers.inequalities import intervals, is_relation
from tms.answers.lists import is_list, is_set, solutions, split_values
from tms.answers.math_text import close, normal_form, number, tidy, without_name

DEEPEST = 20  # nested brackets
# Inside of one another, or in a row: with each of them sympy's work is twice and more.
MOST_DIVISIONS, MOST_FUNCTIONS = 10, 4
FUNCTION = re.compile(r"(?:sin|cos|tan|cot|sec|csc|log|ln|lg|exp|sqrt)(?![a-zA-Z])")
DIVISION = re.compile(r"/|\\(?:div|[dtc]?frac)(?![a-zA-Z])")
LARGEST_EXPONENT = 10_000
LARGEST_FACTORIAL = 2_100
TIME = re.compile(r"^\d{1,2}:\d\d(?!\d)")
BASE = re.compile(r"\d_\{?(\d+)\}?")
TEXT_ONLY = re.compile(r"\s*(?:\\text\s*\{[^{}]*\}\s*)+")
TEXT = re.compile(r"\\text\s*\{[^{}]*\}")
VARIABLE = re.compile(r"(?<![\\a-zA-Z])[a-df-hj-zA-Z](?![a-zA-Z])")  # e and i are numbers
POWER_OF_POWER = re.compile(r"\^\s*(?:[+-]?\d+|\\?[a-zA-Z]+|\{[^{}]*\}|\([^()]*\))\s*\^")
APART = re.compile(r"\d\s+\.?\d")  # numbers with nothing but space between

logging.getLogger("math_verify").setLevel(logging.ERROR)


def grade_extracted(extracted: str, answer: str) -> Grade:
    """Score 1 where the answer that a completion gives equals the gold answer."""
    return Grade(float(equal(answer, extracted)), extracted[:200])


def equal(gold: str, prediction: str) -> bool:
    """Whether a prediction states the gold answer; the order of the two matters."""
    if not prediction.strip() or len(prediction) > LONGEST_ANSWER:
        return False
    gold, prediction = tidy(gold), tidy(prediction)
    bases = BASE.search(gold), BASE.search(prediction)
    if all(bases) and bases[0][1] != bases[1][1]:
        return False
    named = ("=" in gold) != ("=" in prediction) or (r"\in" in gold) != (r"\in" in prediction)
    if named and not is_relation(prediction):
        gold, prediction = without_name(gold), without_name(prediction)
    values = number(gold), number(prediction)
    if None not in values:
        return close(*values, written=(gold, prediction))
    if values != (None, None) and _other_kind(values, gold, prediction):
        return False
    forms = normal_form(gold), normal_form(prediction)
    if forms[0] == forms[1] and values[0] is None:
        return forms[0] != ""
    if TIME.match(forms[0]) or TIME.match(forms[1]) or "" in forms:
        return False
    if TEXT_ONLY.fullmatch(gold):
        return sorted(forms[0].split(",")) == sorted(forms[1].split(","))
    if is_relation(prediction) and (readings := _as_intervals(gold, prediction)) is not None:
        return any(harmless(one) and harmless(other) and _verify(one, other) for one, other in readings)
    if is_set(prediction) and not is_list(gold) and (is_relation(gold) or gold[0] in "(["):
        return False
    stated = split_values(prediction)
    if r"\cup" in gold and len(stated) > 1:
        stated = [" \\cup ".join(map(without_name, stated))]
        prediction = stated[0]
    if len(stated) > 1 and not is_list(gold) and not _is_tuple(gold, stated):
        same = [equal(gold, value) for value in stated]
        return any(same) and all(
            equals or _rounded(gold, value) for equals, value in zip(same, stated, strict=True)
        )
    if values[0] is not None and APART.search(TEXT.sub("", prediction)):
        return False
    if is_list(gold) and len(stated) > 1:
        systems = solutions(split_values(gold)), solutions(stated)
        if all(systems):
            return _same_solutions(*systems)
        gold, prediction = _as_tuples(gold, systems[0]), _as_tuples(prediction, systems[1])
    return harmless(prediction) and harmless(gold) and _verify(gold, prediction)


def _as_intervals(gold: str, prediction: str) -> list[tuple[str, str]] | None:
    """Pairs of which one must be equal, where the prediction has inequalities; None: both as they are.

    The question's own inequality, not solved for its variable, is no answer, unless the gold answer is one.
    """
    if not is_relation(gold):
        return [(gold, interval) for readings in intervals(prediction).values() for interval in readings]
    asked, given = intervals(gold), intervals(prediction)
    if asked and not given:
        return []
    if (
        not given
        or asked.keys() != given.keys()
        or len(split_values(gold)) == len(split_values(prediction)) == 1
    ):
        return None
    readings = next(iter(asked.values()), [gold])
    return [(one, other) for one in readings for other in next(iter(given.values()))]


def _is_tuple(gold: str, stated: list[str]) -> bool:
    """Whether a gold answer is a point and values without brackets are its coordinates."""
    return gold[0] in "([" and gold[-1] in ")]" and not any(set(value) & set("()[]") for value in stated)


def _rounded(gold: str, value: str) -> bool:
    """Whether a decimal is an exact gold answer rounded to the decimals that it has, two at least."""
    decimal = re.fullmatch(r"(?:\\approx)?\s*(-?\d+\.(\d{2,}))", value)
    if not decimal or "." in gold or not harmless(gold):
        return False
    try:
        exact = Fraction(str(parsed_latex(gold)[0].evalf(20)))
    except MemoryError:  # the row's own limit
        raise
    except Exception:  # no number
        return False
    return abs(exact - Fraction(decimal[1])) <= Fraction(1, 2 * 10 ** len(decimal[2]))


def _same_solutions(gold: list[dict[str, str]], prediction: list[dict[str, str]]) -> bool:
    """Whether two systems have the same solutions, in any order."""
    left = list(prediction)
    for one in gold:
        same = [
            other
            for other in left
            if one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
        ]
        if not same:
            return False
        left.remove(same[0])
    return not left


def _as_tuples(answer: str, found: list[dict[str, str]]) -> str:
    """Solutions in several variables as points, `(1, 2), (3, 4)`; any other answer as it is."""
    if len(found) < 2 or any(len(solution) < 2 for solution in found):
        return answer
    return ", ".join(f"({', '.join(solution.values())})" for solution in found)


def _other_kind(values: tuple[Fraction | None, Fraction | None], gold: str, prediction: str) -> bool:
    """Whether one answer is a number and the other one a ratio or, in the gold answer, has a variable.

    math-verify takes `3:1` for 3, and `2s` for two seconds.
    """
    value = values[0] if values[1] is None else values[1]
    ratio = (":" in gold) != (":" in prediction) and value.denominator == 1
    variable = values[0] is None and "=" not in gold and VARIABLE.search(TEXT.sub("", gold)) is not None
    return ratio or variable


def harmless(text: str) -> bool:
    """Whether a tidy answer can be handed to a computer algebra system without building huge numbers."""
    if _depth(text) > DEEPEST or len(text) > LONGEST_ANSWER or re.search(r"\d{60}", text):
        return False
    if any(_nests(part) for part in re.split(r"[,;&]|\\\\", text)):
        return False
    for factorial in re.finditer(r"(\d*)\s*[)}\]]*\s*!", text):
        digits = factorial[1]
        if not digits or int(digits) > LARGEST_FACTORIAL or factorial.group().strip(" !") != digits:
            return False
    if any(int(digits) > LARGEST_FACTORIAL for digits in re.findall(r"binom\D{0,3}(\d+)", text)):
        return False
    if POWER_OF_POWER.search(text):  # 9^2^2^2...: no LaTeX, and read from the left
        return False
    power = 1
    for position in (index for index, character in enumerate(text) if character == "^"):
        exponent = _argument(text, position + 1)
        integers = [int(digits) for digits in re.findall(r"\d+", exponent)]
        symbolic = re.search(r"[a-zA-Z]", re.sub(r"\\(?:frac|cdot|times|div)", "", exponent))
        if not symbolic and re.search(r"[\^!]", exponent):
            return False
        if any(value > LARGEST_EXPONENT for value in integers):
            return False
        if text[:position].rstrip()[-1:] in (")", "}", "]") or symbolic:
            power *= max([1, *integers])
    return power <= 10 * LARGEST_EXPONENT


def _nests(text: str) -> bool:
    """Whether many functions or divisions may lie inside of one another; in a sum of many they do not."""
    if len(FUNCTION.findall(text)) > MOST_FUNCTIONS and _depth(text) > MOST_FUNCTIONS:
        return True
    if len(DIVISION.findall(text)) <= MOST_DIVISIONS:
        return False
    terms = re.split(r"[-+=<>]", text)
    return _depth(text) > 2 or any(len(DIVISION.findall(term)) > 3 for term in terms)


def _depth(text: str) -> int:
    """Brackets that are nested at most, whether or not they are closed."""
    depth = deepest = 0
    for character in text:
        depth += (character in "{([") - (character in "})]")
        deepest = max(deepest, depth)
    return deepest


def _argument(text: str, start: int) -> str:
    """The text behind an exponent's sign: a bracket's content or a single token."""
    rest = text[start:].lstrip()
    if rest[:1] in ("{", "("):
        depth = 0
        for index, character in enumerate(rest):
            depth += (character in "{(") - (character in "})")
            if depth == 0:
                return rest[1:index]
    token = re.match(r"[+-]?\d+|\\[a-zA-Z]+|.", rest)
    return token.group() if token else ""


def _verify(gold: str, prediction: str) -> bool:
    """math-verify's judgement, without its known false positives among numbers close to 0."""
    from math_verify import verify
    from sympy.core.random import seed

    try:
        parsed = [parsed_latex(text) for text in (gold, prediction)]
        if not _numerically_plausible(*(values[0] for values in parsed)):  # which costs far less
            return False
        seed(0)  # whether they were parsed now or before
        return verify(*parsed, allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True)
    except MemoryError:  # the row's own limit
        raise
    except Exception:  # sympy raises anything
        return False


def parsed_latex(text: str) -> list:
    """math-verify's reading of a tidy answer; sympy's random numbers start anew, whatever came before."""
    from sympy.core.random import seed

    seed(0)
    return list(_parsed(text))


@lru_cache(maxsize=1000)
def _parsed(text: str) -> tuple:
    """As `parsed_latex`, kept: many completions have one gold answer, and many the same answer."""
    from math_verify import LatexExtractionConfig, parse

    config = [LatexExtractionConfig(boxed_match_priority=0)]
    return tuple(parse(f"${text}$", config, parsing_timeout=None, raise_on_error=True))


def _numerically_plausible(gold, prediction) -> bool:
    """False for two numbers that differ in their first six digits, whatever their size."""
    from sympy import Basic

    if not all(isinstance(value, Basic) and value.is_number for value in (gold, prediction)):
        return True
    if "1/100" in str(gold) + str(prediction):  # a percentage, which may equal its number
        return True
    low, high = (value.evalf(20) for value in (gold, prediction))
    return bool(abs(low - high) <= 2e-6 * max(abs(low), abs(high)))
