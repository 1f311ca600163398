r"""Grader of multiple-choice questions: the label that the completion states as its answer.

The base is MMLU-Pro's own extraction (https://github.com/TIGER-AI-Lab/MMLU-Pro, evaluate_from_local.py):
"answer is (X)", then "answer: X", then the last letter that stands alone. What differs: the last statement
counts and not the first; labels are the row's own, digits included; a letter must end where the label ends
("answer is All" is no A); "A" and "I" inside a sentence are words; an option's text, stated in full, counts.
Where the official script guesses at random for an answer that it cannot read, that answer is wrong here.
"""

import json
import re
import unicodedata
from functools import cache

from tms.answers.boxes import boxed
from tms.answers.final_answer import LONGEST
from tms.answers.grade import Grade

METRIC = "accuracy"
MARKER = re.compile(
    r"(?:\b(?:answer|option|choice|label)\b(?:\s*(?:to|for|of)\b[^\n.:]{0,80}?)?|答案|选[项择]?|選[項擇]?)"
    r"(?:\s*(?:\bis\b|\bwould be\b|\bshould be\b|\bmust be\b|应该?是|應該?是|是|为|為))?\s*[:=]?\s*"
    r"(?:(?:definitely|certainly|clearly|surely|most likely|likely|probably|therefore|indeed|for sure)\s+)?"
    r"(?:(?:the )?(?:correct |best )?(?:option|choice|letter|answer)\b"
    r"(?!\s+(?:is|would|should|must)\b)\s*[:=]?\s*)?",
    flags=re.IGNORECASE,
)
LETTER = "a-zA-Z0-9_À-ɏ"  # of a word that is no label; a Chinese word may follow a label at once
NOT_CHOSEN = re.compile(
    r"(?:\bnot|n't|\bnor|\bthan|不是|而非|不选|不選|排除)\s*(?:option |choice )?$", flags=re.IGNORECASE
)
DENIED = re.compile(r"\b(?:incorrect|wrong|false|invalid|worst|not the)\s+$", flags=re.IGNORECASE)
STATED = re.compile(r"\b(?:is|be)\b|[:=是为為选選]", flags=re.IGNORECASE)
# What may follow "A" or "I" as labels in a sentence; before other words they are an article and a pronoun.
AFTER_A_LABEL = r"because|since|as|and|or|which|due|based|given|for|with|here|in this"
AFTER_A_DIGIT = r"because|since|as"
DECORATION = str.maketrans("", "", "*_`$\\")


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the completion's label is the gold label.

    Args:
        completion: the model's text; see `extract`.
        answer: `{"label": "C", "labels": ["A", "B", "C", "D"], "texts": [...]}`.
    """
    question = json.loads(answer)
    label = extract(completion, question["labels"], question["texts"])
    return Grade(float(label == question["label"]), label)


def extract(completion: str, labels: list[str], texts: list[str]) -> str:
    r"""The label that a completion answers with, "" where it gives none of the row's labels.

    The last `\boxed{...}` counts first, then the last "answer is" or "answer:", then the last "option is" or
    "choice is", then a last line that is a label or an option, then the last label that "is the correct" one,
    then the last label in brackets or (letters only) on its own.
    """
    completion = completion[-LONGEST:]
    box = boxed(completion)
    if box is not None and (label := _label_or_text(_plain(re.sub(r"\\text\w*", "", box)), labels, texts)):
        return label
    text = _plain(completion)
    for marker in _statements(text):
        behind = text[marker.end() :].lstrip(" \n:")[:1000]
        if (label := _stated(behind, labels, texts)) is not None:
            return label
        if re.match(r"\(?(?:[A-Z]|\d)\)?(?=[\s.,;:)]*(?:\n|$))", behind):
            return ""  # a label that the question does not have
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    items = {item for line in lines if (item := _item(line, labels))}
    for line in (lines[-1:] + lines[:1]) if len(items) <= 1 else []:
        if (label := _label_or_text(line, labels, texts)) and (len(lines) == 1 or not label.isdigit()):
            return label
    return _affirmed(text, labels) or _standing_alone(text, labels)


def _statements(text: str) -> list[re.Match]:
    """Statements of an answer in a text, the last one first; those of an option or choice come after."""
    statements = [
        match
        for match in MARKER.finditer(text)
        if STATED.search(match.group())
        and not DENIED.search(text[max(0, match.start() - 20) : match.start()])
    ]
    return sorted(
        reversed(statements), key=lambda match: match[0][:6].lower() != "answer" and match[0][:2] != "答案"
    )


def _plain(text: str) -> str:
    """Full-width signs as ASCII, no Markdown or LaTeX decoration."""
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"\\(?:text|mathrm|mathbf|boxed)\b|[{}]", " ", text).translate(DECORATION)


@cache
def _pattern(labels: tuple[str, ...]) -> str:
    return "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))


def _label_or_text(text: str, labels: list[str], texts: list[str]) -> str:
    """The label of a text that is nothing but a label (with or without its option) or an option."""
    text = text.strip()
    label = _pattern(tuple(labels))
    alone = re.fullmatch(rf"[(\[]?\s*({label})\s*[)\]]?\s*[.,:]?", text, flags=re.IGNORECASE)
    if alone:
        return _as_listed(alone[1], labels)
    beside = re.match(rf"({label})\s+", text)
    if beside and _words(text[beside.end() :]) == _words(texts[labels.index(beside[1])]):
        return beside[1]
    return _item(text, labels) or _option(text, labels, texts, whole=True)


def _item(text: str, labels: list[str]) -> str:
    """The label that a line begins with in the form of a list's item: "C. text", "(C) text", "C) text"."""
    label = _pattern(tuple(labels))
    item = re.match(rf"(?:[(\[]\s*({label})\s*[)\]]|({label})\s*[.):\]。、])(?![{LETTER}.])", text)
    return next(filter(None, item.groups())) if item else ""


def _stated(behind: str, labels: list[str], texts: list[str]) -> str | None:
    """The label that the text behind "answer is" begins with, or else that of the option that it states.

    "" where it names several labels, None where it states neither a label nor an option.
    """
    label = _pattern(tuple(labels))
    end = r"(?=\s*(?:[^\w\s]|and\b|or\b|are\b|\n|$))"
    between = r"\s*(?:,|and\b|or\b|/|&)\s*(?:and |or )?"
    several = rf"[(\[]?({label})[)\]]?{between}[(\[]?(?:{label})(?![{LETTER}'’]){end}"
    if re.match(several, behind):
        return ""
    bracketed = re.match(rf"[(\[]\s*({label})\s*[)\]]", behind, flags=re.IGNORECASE)
    if bracketed:
        return _as_listed(bracketed[1], labels)
    bare = re.match(rf"({label})(?![{LETTER}'’])(?!\.\d)", behind)
    if bare and _is_label(bare[1], behind[bare.end() :], texts[labels.index(bare[1])]):
        return bare[1]
    small = re.match(rf"({label})(?=[\s.)]*(?:\n|$))", behind, flags=re.IGNORECASE)
    if small:
        return _as_listed(small[1], labels)
    return _option(behind, labels, texts, whole=False) or None


def _is_label(label: str, rest: str, option: str) -> bool:
    """Whether what a statement begins with is a label, seen by what follows it and by that label's option."""
    if not re.match(rf"[^\S\n]+[{LETTER}]", rest):
        return not (label.isdigit() and re.match(r"\s*[-+/^%]", rest))
    if label not in "AI" and not label.isdigit():
        return True
    words = AFTER_A_DIGIT if label.isdigit() else AFTER_A_LABEL
    return bool(re.match(rf"\s+(?:{words})\b", rest)) or _begins(rest, option)


def _option(text: str, labels: list[str], texts: list[str], whole: bool) -> str:
    """Label of the longest option that a text is (`whole`) or begins with, "" where two are alike."""
    equal = [
        (len(_words(option)), label)
        for label, option in zip(labels, texts, strict=True)
        if (_words(text) == _words(option) if whole else _begins(text, option)) and _words(option)
    ]
    longest = [label for length, label in equal if length == max(equal)[0]]
    return longest[0] if len(longest) == 1 else ""


def _begins(text: str, option: str) -> bool:
    words = _words(option)
    return bool(words) and _words(text[: 4 * len(option) + 50])[: len(words)] == words


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s.,;:!?'\"()\[\]]", _plain(text).lower())


def _affirmed(text: str, labels: list[str]) -> str:
    """The last label, in brackets or in capitals, that a text says to be "the correct" (right, best) one."""
    label = _pattern(tuple(labels))
    alone = rf"(?<![{LETTER}'’\-])({label})" if not labels[0].isdigit() else r"(?!)()"
    said = re.compile(
        rf"(?:[(\[]\s*({label})\s*[)\]]|{alone})\s+is\s+(?:clearly )?the (?:correct|right|best)\b"
    )
    affirmed = [match for match in said.finditer(text) if not NOT_CHOSEN.search(text[: match.start()][-20:])]
    return next(filter(None, affirmed[-1].groups())) if affirmed else ""


def _standing_alone(text: str, labels: list[str]) -> str:
    """The last label in brackets or on its own, unless denied ("not A"); digits count in brackets only."""
    label = _pattern(tuple(labels))
    alone = rf"(?<![A-Za-z0-9'’\-])({label})(?![A-Za-z0-9'’\-])" if not labels[0].isdigit() else r"(?!)()"
    last = ""
    for match in re.finditer(rf"[(\[]\s*({label})\s*[)\]]|{alone}", text):
        if NOT_CHOSEN.search(text[max(0, match.start() - 20) : match.start()]):
            continue
        if match[1]:
            last = match[1]
        elif match[2] not in "AI" or not re.match(rf"\s+[{LETTER}]", text[match.end() : match.end() + 20]):
            last = match[2]
    return last


def _as_listed(label: str, labels: list[str]) -> str:
    return next(known for known in labels if known.lower() == label.lower())
