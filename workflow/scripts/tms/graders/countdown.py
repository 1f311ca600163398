r"""Countdown's grader: the expression's syntax tree, exact arithmetic, each number exactly once.

There is no official scorer; the one that the task came with (https://github.com/Jiayi-Pan/TinyZero,
verl/utils/reward_score/countdown.py) evaluates text and pays for form alone, which this one does not.
"""

import ast
import json
import re
import warnings
from fractions import Fraction

from tms.answers.final_answer import affirmed, final_answer, last_line, spoken, unwrapped
from tms.answers.grade import Grade

METRIC = "accuracy"
LONGEST = 200  # characters of an expression
SIGNS = dict.fromkeys(map(ord, "×✕✖⨉⨯∙·⋅•‧・∗⁎"), "*") | dict.fromkeys(map(ord, "÷∕⁄"), "/")
SIGNS |= dict.fromkeys(map(ord, "−–—‐‑‒﹣"), "-") | {ord("﹢"): "+"}
FRACTION = re.compile(r"\\[dtc]?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}")
COMMANDS = (
    (re.compile(r"\\(?:times|cdot|ast|bullet)(?![a-zA-Z])"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])"), "/"),
    (re.compile(r"\\(?:text\w*|mbox|mathrm|mathbf|boxed)\s*\{([^{}]*)\}"), r" \1 "),
    (
        re.compile(
            r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|q?quad)(?![a-zA-Z])|\\[,;:!\\ ]|\\?\$|[~`\"'“”‘’]"
        ),
        " ",
    ),
    (re.compile(r"\\?[\[{]|\\\("), "("),
    (re.compile(r"\\?[\]}]|\\\)"), ")"),
    (re.compile(r"(?<=[\d)])\s*[xX]\s*(?=[\d(])"), "*"),
)
CHARACTERS = set("0123456789+-*/() ")
ARITHMETIC = re.compile(r"[0-9+\-*/() ]*[0-9][0-9+\-*/() ]*")
OPERATOR = re.compile(r"[0-9)] *[+\-*/]")
# What may stand before an expression, and open what is said behind it.
LEAD = re.compile(
    r"(?:\s*(?:the|a|one|my|our|this|that|final|correct|valid|possible|required|following|answer|expression|"
    r"equation|solution|formula|is|be|would|can|use|using|we|i|you|get|have|find|so|thus|therefore|hence|then|"
    r"it|as|follows|simply|target|[0-9]+ *=|such|way|to|"
    r"(?:that|which) (?:equals?|gives?|makes?|reaches|yields|evaluates to|results in) [0-9]+|"
    r"(?:get|reach|make|obtain|form|equal)(?: the target)?(?: of)? [0-9]+|"
    r"(?:using|numbers)(?: [0-9]+(?:,|,? and)?)+)(?=[\s:=,]|$)[:,]?)*[\s:\"'(*]*",
    flags=re.IGNORECASE,
)
BEHIND = re.compile(
    r"\s*(?:\*\*\s*)?(?:$|[.,;:](?![0-9])|=|->|[→⇒≈✓✔✅\U0001F300-\U0001FAFF]|"
    r"\( *(?:[=a-z]|[^()]*=)|- *[a-z]|"
    r"\\(?:[rR]ightarrow|implies|to|approx)\b|"
    r"(?:is|equals|equal|gives|which|that|to|so|because|since|as|with|where|using|uses|reaches|makes|"
    r"results|evaluates|yields|works|or|and)\b)",
    flags=re.IGNORECASE,
)
JOINED = re.compile(
    r"[\s).]*(?:[,;/|&]|\bor\b|\band\b)(?:[\s,:/]|\b(?:or|and|then|also|else|even|maybe|perhaps|possibly|simply)\b)*",
    flags=re.IGNORECASE,
)
OTHERWISE = re.compile(
    r"\b(?:or|otherwise|alternatively|another|either|as well as|vs|maybe|perhaps|possibly|could be)\b",
    flags=re.IGNORECASE,
)


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the final expression uses each given number exactly once and equals the target.

    Args:
        completion: the model's text; see `extract`.
        answer: `{"numbers": [...], "target": ...}`.
    """
    problem = json.loads(answer)
    expression = extract(completion)
    reached = evaluate(expression)
    right = reached is not None and reached == (problem["target"], sorted(problem["numbers"]))
    return Grade(float(right), expression)


def extract(completion: str) -> str:
    """The expression of the final answer, else of the last line; of an equation, its first side that is one.

    What cannot be read as one expression, two that differ among it, is given back as text, at most
    `LONGEST` + 1 characters, which has no value.
    """
    stated = final_answer(completion)
    text = unwrapped(last_line(spoken(completion))) if stated is None else stated
    text = arithmetic(affirmed(text[: 10 * LONGEST])).strip(" .")
    for span in ARITHMETIC.finditer(text):
        if OPERATOR.search(span.group()):
            expression = _trimmed(span.group())
            start = text.index(expression, span.start())
            before, behind = text[:start], text[start + len(expression) :]
            clear = LEAD.fullmatch(before) and BEHIND.match(behind)
            return (
                expression
                if clear and not _offers_another(evaluate(expression), behind)
                else text[: LONGEST + 1]
            )
    return text[: LONGEST + 1]


def arithmetic(text: str) -> str:
    r"""A text with plain signs for those of other alphabets and of TeX; `\frac{a}{b}` is `((a)/(b))`."""
    text = re.sub("^ *[•●▪‣]", "", text).translate(SIGNS)
    while (plain := FRACTION.sub(r"((\1)/(\2))", text)) != text:
        text = plain
    for pattern, replacement in COMMANDS:
        text = pattern.sub(replacement, text)
    return text


def _trimmed(span: str) -> str:
    """Arithmetic without brackets and dashes at its ends that belong to the sentence around it."""
    span = span.strip().removeprefix("**").strip()
    while span.count("(") > span.count(")") and span.endswith("("):
        span = span[:-1].rstrip()
    while span.count(")") > span.count("(") and (span.startswith(")") or span.endswith(")")):
        span = (span[1:] if span.startswith(")") else span[:-1]).strip()
    if span.count("(") > span.count(")"):
        span = re.sub(r"(?<=[0-9)]) *\([^()]*$", "", span)  # a remark: "8*3+4 (8*3 = 24, 24+4 = 28)"
    return re.sub(r" -+$|\*\*$", "", span).strip()


def _offers_another(reached: tuple[Fraction, list[int]] | None, behind: str) -> bool:
    """Whether the text behind an expression offers another one, or joins a number, of another value.

    Working is no offer: "since 5*3 = 15 and 15+2 = 17", nor are steps with fewer numbers beside it.
    """
    if reached is None:
        return False
    value, numbers = reached
    position, spans = 0, list(ARITHMETIC.finditer(behind))
    for span in spans:
        gap = behind[position : span.start()]
        joined = JOINED.fullmatch(gap)
        if not joined and re.search(r"[^\W\d]", gap):
            break  # a word that joins nothing
        other = _read(span)
        if joined and (other is None or other[0] != value):
            return True
        if OPERATOR.search(span.group()) and other and other[0] != value and len(other[1]) >= len(numbers):
            return True
        position = span.end()
    offered = [span for span in spans if span.start() >= position] if OTHERWISE.search(behind) else []
    return any(OPERATOR.search(span.group()) and (_read(span) or (None,))[0] != value for span in offered)


def _read(span: re.Match) -> tuple[Fraction, list[int]] | None:
    """Value of arithmetic inside a remark; a bracket around the remark is left out."""
    text = _trimmed(span.group())
    return evaluate(text.removeprefix("(") if text.count("(") > text.count(")") else text)


def evaluate(expression: str) -> tuple[Fraction, list[int]] | None:
    """Value of an expression of + - * / and parentheses on plain integers, and the integers in it, sorted.

    None for anything else: other syntax, `**`, `//`, signs, numbers with leading zeros or beyond six
    digits, a division by zero, or more than `LONGEST` characters.
    """
    if len(expression) > LONGEST or set(expression) - CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(expression, mode="eval")
        numbers: list[int] = []
        return _value(tree.body, numbers), sorted(numbers)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr, numbers: list[int]) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < 1_000_000:
        numbers.append(node.value)
        return Fraction(node.value)
    if not isinstance(node, ast.BinOp):
        raise ValueError("not an integer or one of + - * /")
    left, right = _value(node.left, numbers), _value(node.right, numbers)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Div):
        return left / right
    raise ValueError("not one of + - * /")
