"""A problem's text in a form in which equal problems are equal: for the contamination gate."""

import re
import unicodedata
from dataclasses import dataclass

EAST_ASIAN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"  # scripts without spaces: each character is a word
NUMBER = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+\.\d+"
WORD = re.compile(rf"[{EAST_ASIAN}]|{NUMBER}|[^\W_{EAST_ASIAN}]+")
# For equality 3x is 3 and x, so that it equals 3 x; and operators count.
TOKEN = re.compile(rf"[{EAST_ASIAN}]|{NUMBER}|\d+|[^\W\d_{EAST_ASIAN}]+|[-+*/=<>|^%±×÷¬\u2190-\u22ff]")
# Spacing and sizes, which change nothing of what a formula says; wrappers around text in formulas.
SPACING = re.compile(
    r"\\(?:[,;:> ]"
    r"|(?:left|right|q?quad|displaystyle|textstyle|limits|text|textbf|mathrm|mbox|big)(?![a-z]))|[~$]"
)
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-") | {0x2044: "/"}
MOST_OPTIONS = 10  # as MMLU-Pro has
OPTION = re.compile(r"\s*\(?([A-Za-z]|\d{1,2}) ?[.):]\s+(\S.*)")


def split_options(text: str) -> tuple[str, list[str]]:
    """Split a multiple-choice question into its stem and its options without their labels.

    Options are lines `A. ...`, `(B) ...`, `3) ...` with labels that count up from A, a or 1; other lines
    belong to the option before. A text with fewer than two is all stem.
    """
    stem: list[str] = []
    options: list[str] = []
    label = ""
    for line in text.split("\n"):
        option = OPTION.fullmatch(line)
        if option and (option[1] == label if label else option[1] in ("A", "a", "1")):
            options.append(option[2])
            label = str(int(label or 1) + 1) if option[1].isdigit() else chr(ord(option[1]) + 1)
        elif options:
            options[-1] += f" {line}"
        else:
            stem.append(line)
    if len(options) < 2:
        return text, []
    return "\n".join(stem), options


def clean(text: str) -> str:
    """A text without differences of case, Unicode form, LaTeX's typography and hyphens.

    Unicode forms are made compatible (NFKC); `\\dfrac`, `\\tfrac` are `\\frac`; dollar signs and spacing
    commands are spaces; a hyphen beside a word of two letters or more goes, others are minus signs.
    """
    text = unicodedata.normalize("NFKC", text).casefold().translate(DASHES)
    if "\\" in text or "{" in text:
        text = text.replace("\\!", "").replace("{,}", ",")
        text = re.sub(r"\\[dt]frac(?![a-z])", r"\\frac", text)
        text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    text = SPACING.sub(" ", text).replace("**", " ")
    if "-" in text:
        text = " ".join(re.sub(r"-{2,}", "-", text).split())
        text = re.sub(r"(?<!\\)\b([^\W\d_]{2,}) ?- ?", r"\1 ", text)
        text = re.sub(r" ?- ?(?=[^\W\d_]{2,})", " ", text)
    return text


def tokens(text: str) -> list[str]:
    """Words, numbers and operators of a text; `1,000` is `1000`.

    Operators stay, since x + 3 is another problem than x - 3; other punctuation and braces go.
    """
    return [token.replace(",", "") for token in TOKEN.findall(clean(text))]


def lines(text: str) -> list[str]:
    """The lines of a problem, options without their labels."""
    stem, options = split_options(text)
    return [*stem.split("\n"), *options]


def words(text: str) -> str:
    """The words of a problem for n-grams, joined by spaces: runs of letters and digits, as `2x`."""
    return " ".join(word.replace(",", "") for line in lines(text) for word in WORD.findall(clean(line)))


@dataclass(frozen=True)
class ExactForms:
    """Forms of a text that equal problems share.

    Args:
        whole: the whole text.
        any_order: its lines in sorted order, since another order of the options is the same problem.
        questions: the text without its last 2 to `MOST_OPTIONS` lines: one of them is the question alone, if
            the text is a multiple-choice question.
    """

    whole: str
    any_order: str
    questions: frozenset[str]


def exact_forms(text: str) -> ExactForms:
    """Forms of a text in which equal problems are equal, whatever their typography.

    A text without any word or operator stands for itself.
    """
    tidy = [" ".join(tokens(line)) for line in lines(text)]
    tidy = [line for line in tidy if line] or [" ".join(text.split())]
    cuts = range(max(len(tidy) - MOST_OPTIONS, 1), len(tidy) - 1)
    return ExactForms(
        whole=" ".join(tidy),
        any_order="\n".join(sorted(tidy)),
        questions=frozenset(" ".join(tidy[:cut]) for cut in cuts),
    )
