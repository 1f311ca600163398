r"""Solutions that a completion can hold: the operations and numbers of its working, in their order.

Two right samples of one problem state the same answer, so what tells them apart is how they get there. A
working is brought into one spelling: its formulas, each as the operations and the numbers that take part in
them. Wording, white space, layout, brackets, names of variables, units and numbers in prose make no other
solution; another operation, number or order does. What is said in words alone ("half of 48") is not seen.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

LONGEST = 100_000  # characters of a completion that are looked at
UNITS = 3  # words between a number and the operation that it takes part in: `5 red apples + 3`
# Graders whose answers are worked out, and those that judge whole responses, which are solutions as a whole.
WORKED_OUT = {"math", "number", "countdown", "chain"}

SPELLINGS = str.maketrans(
    {
        **dict.fromkeys("×⋅·∙∗", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        **dict.fromkeys("−–—‐‑", "-"),
        **dict.fromkeys("≈≃≅≤≥≠<>→", "="),
        **dict.fromkeys("⇒⟹∴", ";"),
        **{"²": "^2", "³": "^3", "√": r"\sqrt ", "½": " 1/2", "¼": " 1/4", "¾": " 3/4"},
        **{chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)},  # full width
    }
)
WORDS = {
    **dict.fromkeys(["times", "multiplied"], "*"),
    **dict.fromkeys(["is", "are", "equals", "equal", "gives", "makes"], "="),
    **{"plus": "+", "minus": "-", "divided": "/", "squared": "^2", "cubed": "^3", "percent": "%"},
}
COMMANDS = {
    **{"times": "*", "cdot": "*", "div": "/", "pm": "+"},
    **dict.fromkeys(["implies", "rightarrow", "therefore"], ";"),
    **dict.fromkeys(["approx", "le", "leq", "ge", "geq", "ne", "neq", "equiv", "lt", "gt"], "="),
}
FRACTIONS = {"frac", "dfrac", "tfrac"}
FILLERS = {"by", "to"}  # `divided by`, `equal to`
FUNCTIONS = {"sqrt", "binom", "log", "ln", "sin", "cos", "tan", "gcd", "lcm", "mod"}
CALCULATOR = re.compile(r"<<[^<>]*>>")  # GSM8K's `48/2=<<48/2=24>>24`
POWER = re.compile(r"(?<=[0-9A-Za-z)])\*\*(?=[0-9A-Za-z(-])")
BULLET = re.compile(r"[ \t]*[-*][ \t]+")
TOKEN = re.compile(
    r"""
    (?P<number>[0-9]{1,3}(?:(?:,|\{,\}|\\[,!])[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
    |\\(?P<command>[A-Za-z]+)
    |(?P<word>[A-Za-z]+)
    |(?P<sign>[-+*/^=%!])
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<stop>[.,;:?])
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """A part of a working.

    Its kind is `number`, `sign` (an operation, `=` or `%`), `minus` (of a negative number), `letter`, `word`,
    `open`, `close` or `stop` (what ends a formula).
    """

    kind: str
    text: str = ""


OPERANDS = ("number", "letter", "open")  # kinds that may come after an operation


def solution_class(completion: str) -> str:
    """A text that two completions share where their workings are the same solution."""
    return blake2b(" ".join(solution(completion)).encode(), digest_size=16).hexdigest()


def solution(completion: str) -> tuple[str, ...]:
    """The operations and numbers of a working, e.g. `("48", "/", "2", "24", "48", "+", "24", "72")`.

    Those of its formulas in their order, each formula once: a number belongs to one where it stands beside an
    operation or an equals sign, and a formula has an operation and two numbers. Of a working without any, all
    numbers.
    """
    text = CALCULATOR.sub("", completion[:LONGEST]).translate(SPELLINGS)
    text = POWER.sub("^", text).replace("**", "")
    tokens = list(_operations(_tokens(_without_bullets(text))))
    formulas: list[list[Token]] = [[]]
    for place, token in enumerate(tokens):
        if token.kind in ("sign", "minus"):
            formulas[-1].append(token)
        elif token.kind == "number" and _takes_part(tokens, place):
            # Two numbers without a sign between them belong to two formulas.
            if formulas[-1] and formulas[-1][-1].kind == "number":
                formulas.append([])
            formulas[-1].append(token)
        elif token.kind == "stop":
            formulas.append([])
    sequences = dict.fromkeys(
        tuple(token.text for token in formula if token.text != "=")
        for formula in formulas
        if sum(token.kind == "number" for token in formula) > 1
        and any(token.kind == "sign" and token.text != "=" for token in formula)
    )
    found = tuple(text for sequence in sequences for text in sequence)
    return found or tuple(token.text for token in tokens if token.kind == "number")


def _without_bullets(text: str) -> str:
    """A text whose bullets are stops: at the start of a line they look like signs.

    A line that starts with one goes on where the line before ends within a sentence, is no such line itself,
    and does not hold an equation as this one does.
    """
    shown = []
    for before, line in pairwise(["", *text.split("\n")]):
        bullet, ended = BULLET.match(line), before.rstrip()[-1:] in ("", *".:;!?")
        if bullet and (ended or BULLET.match(before) or ("=" in before and "=" in line)):
            line = f". {line[bullet.end() :]}"
        shown.append(line)
    return "\n".join(shown)


def _takes_part(tokens: list[Token], place: int) -> bool:
    """Whether a number stands beside an operation or an equals sign, over brackets, letters and units."""
    before = place - 1
    while before >= 0 and tokens[before].kind in ("open", "close", "letter", "minus"):
        before -= 1
    if before >= 0 and tokens[before].kind == "sign":
        return True
    after, words = place + 1, 0
    while after < len(tokens) and tokens[after].kind in ("open", "close", "letter", "word"):
        words += tokens[after].kind == "word"
        if words > UNITS:
            return False
        after += 1
    return after < len(tokens) and tokens[after].kind == "sign"


def _tokens(text: str) -> Iterator[Token]:
    r"""The tokens of a text; `\frac{a}{b}` is a / b."""
    braces: list[bool] = []  # of each open bracket, whether a numerator is in it
    fraction = False  # whether a numerator comes next
    for match in TOKEN.finditer(text):
        kind, found = match.lastgroup, match.group().lower()
        if kind == "number":
            digits = _plain(found)
            if fraction and len(digits) > 1:  # \frac12
                yield from (Token("number", digits[0]), Token("sign", "/"), Token("number", digits[1:]))
            else:
                yield Token("number", digits)
                if fraction:
                    yield Token("sign", "/")
            fraction = False
        elif kind in ("command", "word"):
            word = match[kind].lower()
            sign = (COMMANDS if kind == "command" else WORDS).get(word)
            if sign == ";":
                yield Token("stop")
            elif sign:
                yield Token("sign", sign[0])
                yield from (Token("number", digit) for digit in sign[1:])
            elif word in FUNCTIONS:
                yield Token("sign", word)
            elif kind == "command":
                fraction = word in FRACTIONS
            elif word not in FILLERS:
                yield Token("letter" if len(word) == 1 else "word", word)
        elif kind == "open":
            braces.append(fraction)
            fraction = False
            yield Token("open")
        elif kind == "close":
            yield Token("close")
            if braces and braces.pop():
                yield Token("sign", "/")
        else:
            yield Token(kind, found.strip())


def _operations(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens whose signs are operations: no hyphen, no mark of emphasis, no slash of units."""
    before = Token("stop")
    for token, after in pairwise([*tokens, Token("stop")]):
        written = token.text == "x" and before.kind in ("number", "close") and after.kind == "number"
        if written or (token.text == "of" and before.text == "%"):
            token = Token("sign", "*")
        elif token.kind == "letter" and after.text == "=" and before.kind == "word":
            yield Token("stop")  # `7 so y = 4` is two formulas
        if token.kind == "sign":
            token = _sign(before, token.text, after)
        if token:
            yield token
            before = token


def _sign(before: Token, text: str, after: Token) -> Token | None:
    """A sign as an operation, the minus of a number, the end of a sentence (`!`), or nothing."""
    behind = before.kind in ("number", "letter", "close", "word") or before.text == "%"
    ahead = after.kind in OPERANDS or after.text in FUNCTIONS
    if text == "=":
        return Token("sign", text)
    if text == "!":
        factorial = before.kind in ("number", "close") and after.kind in ("sign", "close")
        return Token("sign", text) if factorial else Token("stop")
    if text == "%":
        return Token("sign", text) if before.kind in ("number", "close") else None
    if text in FUNCTIONS:
        return Token("sign", text) if ahead else None
    if text == "/" and before.kind in ("letter", "word") and after.kind == "letter":
        return None  # m/s, km/h
    if text in "+-" and not behind:
        return Token("minus", text) if text == "-" and ahead else None
    return Token("sign", text) if behind and (ahead or after.text in ("-", "+")) else None


def _plain(number: str) -> str:
    """A number without separators of thousands and needless zeros."""
    whole, _, part = re.sub(r"[^0-9.]", "", number).partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")
