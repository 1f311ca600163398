r"""Normal form of a short mathematical answer, and exact values of plain numbers.

The normal form follows the comparison that came with MATH (`is_equiv`, https://github.com/hendrycks/math,
modeling/math_equivalence.py), which strips spacing commands, units, degree and currency signs and braces
that change nothing, and adds what models write beside LaTeX: Unicode signs, `**`, words as units.
"""

import re
from fractions import Fraction

from tms.answers.boxes import LONGEST_ANSWER
from tms.answers.numerals import DECIMAL, FACTOR, FACTORS, plain

SIGNS = {
    "×": r"\times ",
    "·": r"\cdot ",
    "÷": r"\div ",
    "π": r"\pi ",
    "√": r"\sqrt ",
    "∞": r"\infty ",
    "°": r"^\circ ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "∈": r"\in ",
    "∅": r"\emptyset ",
    "±": r"\pm ",
    "²": "^2",
    "³": "^3",
    "⋅": r"\cdot ",
    "**": "^",
    "<=": r"\le ",
    ">=": r"\ge ",
    "{,}": ",",
    "~": " ",
}
COMMANDS = [
    (re.compile(r"(?<=\d)(?:,\s*\\!\s*|\{\s*,\s*\})(?=\d{3})"), ","),
    (re.compile(r"(?<!\\)\\\\(?=(?:[dt]?frac|sqrt|[lg]eq?|left|right)(?![a-zA-Z]))"), r"\\"),  # escaped twice
    (re.compile(r"(?<!\\)\\!"), ""),
    (re.compile(r"(?<=[a-zA-Z])\s*!=|\\neq(?![a-zA-Z])"), r"\\ne "),
    (re.compile(r"(?<!\\)\\[,;: ]"), " "),
    (re.compile(r"\\[dtc]frac(?![a-zA-Z])"), r"\\frac"),
    (re.compile(r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle)(?![a-zA-Z])"), ""),
    (re.compile(r"\\q?quad(?![a-zA-Z])"), "  "),
    (
        re.compile(r"\\(?:mbox|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|operatorname)\b"),
        r"\\text",
    ),
    (re.compile(r"\\(?:leq|leqslant)(?![a-zA-Z])"), r"\\le"),
    (re.compile(r"\\(?:geq|geqslant)(?![a-zA-Z])"), r"\\ge"),
    (re.compile(r"\\(?:varnothing)(?![a-zA-Z])"), r"\\emptyset"),
    (re.compile(r"\\(?:Box|blacksquare)(?![a-zA-Z])"), ""),
    (re.compile(r"(?<=\d) [xX] (?=\d)"), r"\\times "),
    (re.compile(r"(?<![\\a-zA-Z])sqrt\s*\(([^()]*)\)"), r"\\sqrt{\1}"),
    (re.compile(r"(?<![\\a-zA-Z])(pi|sqrt)(?![a-zA-Z])"), r"\\\1 "),
]
UNIT = re.compile(r"(?<=[\d})%])\s*\\text\s*\{\s*[a-zA-Z./ \-]*\}\s*(?:\^\s*\{?[23]\}?)?$")
SQUARED_UNIT = re.compile(r"(?<=[\d})])\s+(?:mm|cm|dm|km|m|in|ft|yd|mi)\s*\^\s*\{?[23]\}?$")
CONNECTIVE = re.compile(r"\\text\s*\{\s*(?:and|or)\s*\}", flags=re.IGNORECASE)
DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-zA-Z])")
ASSIGNMENT = re.compile(
    r"^\s*(?:\\?[a-zA-Z]+(?:_\{?\w\}?)?(?:\((?:\w|[A-Z]\s*\\c[au]p\s*[A-Z])\))?)\s*(?:=|\\in(?![a-z]))\s*"
)
PLAIN = re.compile(rf"([+-]?)\s*({DECIMAL})(?:[eE]([+-]?\d{{1,4}}))?")
FRACTION = re.compile(r"([+-]?)\s*(\d+)?\s*\\frac\s*\{\s*([+-]?\s*\d+)\s*\}\s*\{\s*([+-]?\d+)\s*\}")
SLASHED = re.compile(rf"([+-]?)\s*({DECIMAL})\s*/\s*({DECIMAL})")
MIXED = re.compile(r"([+-]?)\s*(\d+)\s+(\d+)\s*/\s*(\d+)")
REPEATING = re.compile(r"([+-]?)(\d*)\.(\d*)\\overline\s*\{(\d+)\}")
SCIENTIFIC = re.compile(
    rf"([+-]?)({DECIMAL})\s*(?:\\times|\\cdot|\*)\s*10\s*\^\s*(?:\{{\s*([+-]?\d{{1,4}})\s*\}}|([+-]?\d{{1,4}}))"
)
BY_FACTOR = re.compile(rf"(?<=[\d.}}]){FACTOR}(?=[ a-zA-Z]*$)")
WORDS = re.compile(r"(?<=[\d.])\s+[a-zA-Z]{3,}(?:[ .\-]+[a-zA-Z]{3,})*[ .\-]*$")
NO_UNITS = {"sqrt", "sin", "cos", "tan", "log", "and", "plus", "minus", "times", "over", "squared", "cubed"}
NO_UNITS |= {"hundred", "thousand", "million", "billion", "trillion", "dozen", "half", "infty"}


def tidy(text: str) -> str:
    """LaTeX without spacing, sizing, currency and decoration, one spelling for each command."""
    text = plain(text).strip().strip("`").replace("\\$", "").replace("$", "").replace("\n", " ")
    for bracket in (r"\(", r"\)", r"\[", r"\]"):
        text = text.replace(bracket, "")
    if text.startswith("**") or text.endswith("**"):
        text = text.strip("*")
    text = re.sub(r"√\s*(\d+)", r"\\sqrt{\1}", text)
    for sign, replacement in SIGNS.items():
        text = text.replace(sign, replacement)
    for pattern, replacement in COMMANDS:
        text = pattern.sub(replacement, text)
    text = text.strip("€£ ").rstrip(".,;: ").strip()
    return _braced(text)


def _braced(text: str) -> str:
    r"""Braces where TeX lets one leave them out: `\frac12`, `\frac{1}2`, `\sqrt2`."""
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{", text)
    text = re.sub(r"(\\frac\{[^{}]*\})\s*(\w)", r"\1{\2}", text)
    return re.sub(r"\\sqrt\s*(\w)", r"\\sqrt{\1}", text)


def without_units(text: str) -> str:
    """A tidy answer without degree and percent signs and without a unit behind its number."""
    text = DEGREES.sub("", text).replace("\\%", "").replace("%", "").strip()
    if not CONNECTIVE.search(text):
        text = SQUARED_UNIT.sub("", UNIT.sub("", text))
    words = WORDS.search(text)
    if words and not NO_UNITS & set(re.findall(r"[a-z]+", words.group().lower())):
        text = text[: words.start()]
    return text.strip()


def normal_form(text: str) -> str:
    """The text by which answers are compared as strings."""
    text = CONNECTIVE.sub(",", without_units(tidy(text)))
    text = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"([_^])\{(\w)\}", r"\1\2", text)
    text = re.sub(r"(?<!\d)\.(?=\d)", "0.", text)
    text = re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", text).rstrip(".").lower()
    return re.sub(r"^\(([a-z])\)$", r"\1", text)


def without_name(text: str) -> str:
    r"""A tidy answer without a leading `x =` or `x \in`; the text itself where there is more than one `=`."""
    return ASSIGNMENT.sub("", text) if text.count("=") <= 1 else text


def number(text: str) -> Fraction | None:
    """Exact value of a plain number (integer, decimal, fraction, mixed or scientific), None for all else.

    Of MATH's answers as of GSM8K's.
    """
    if len(text) > LONGEST_ANSWER:
        return None
    text = without_units(BY_FACTOR.sub("", tidy(text)))
    if len(text) > 100:
        return None
    try:
        if match := PLAIN.fullmatch(text):
            return _signed(match[1], _decimal(match[2]) * Fraction(10) ** int(match[3] or 0))
        if match := FRACTION.fullmatch(text):
            return _signed(match[1], int(match[2] or 0) + _over(match[3], match[4]))
        if match := SLASHED.fullmatch(text):
            return _signed(match[1], _decimal(match[2]) / _decimal(match[3]))
        if (match := MIXED.fullmatch(text)) and int(match[3]) < int(match[4]):
            return _signed(match[1], int(match[2]) + _over(match[3], match[4]))
        if match := SCIENTIFIC.fullmatch(text):
            return _signed(match[1], _decimal(match[2]) * Fraction(10) ** int(match[3] or match[4]))
        if match := REPEATING.fullmatch(text):
            whole, digits, period = match[2], match[3], match[4]
            scale = 10 ** len(digits)
            repeated = Fraction(int(period), (10 ** len(period) - 1) * scale)
            return _signed(match[1], Fraction(int(whole + digits or "0"), scale) + repeated)
    except ZeroDivisionError:
        return None
    return None


def _decimal(text: str) -> Fraction:
    return Fraction(text.replace(",", "").replace(" ", "").rstrip("."))


def _over(top: str, bottom: str) -> Fraction:
    return Fraction(int(top.replace(" ", "")), int(bottom))


def _signed(sign: str, value: Fraction) -> Fraction:
    return -value if sign == "-" else value


def _factor(written: str) -> Fraction:
    """Factor of a percent sign or a word such as "million"."""
    if "%" in written:
        return Fraction(1, 100)
    factor = BY_FACTOR.search(tidy(written))
    return Fraction(FACTORS[factor.group().strip().lower()] if factor else 1)


def close(gold: Fraction, prediction: Fraction, written: tuple[str, str]) -> bool:
    """Equal exactly, or to six decimals and six digits where one of the two is written as a decimal.

    A percentage also equals the fraction that it stands for, and "3 million" 3 (of a number of millions).
    """
    for value in {prediction, prediction * _factor(written[1])}:
        for target in {gold, gold * _factor(written[0])}:
            gap = abs(value - target)
            rounded = "." in "".join(written) and gap <= Fraction(5, 10**7)
            if gap == 0 or (rounded and gap <= Fraction(2, 10**6) * max(abs(value), abs(target))):
                return True
    return False
