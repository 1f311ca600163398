r"""Grader of multiple-choice questions: the label that the completion states as its answer.

The base is MMLU-Pro's own extraction (https://github.com/TIGER-AI-Lab/MMLU-Pro, evaluate_from_local.py):
"answer is (X)", then "answer: X", then the last letter that stands alone. What differs: the last statement
counts and not the first; labels are the row's own, digits included; a letter must end where the label ends
("answer is All" is no A); "A" and "I" inside a sentence are words; an option's text, stated in full, counts;
two labels are no answer; a letter alone counts where it is chosen ("so I pick C"), not as a quantity or unit.
Where the official script guesses at random for an answer that it cannot read, that answer is wrong here.
"""

import json
import re

from tms.answers.boxes import boxes
from tms.answers.final_answer import NOT_BUT, OFFERED_TOO, affirmed, in_boxes, marked
from tms.answers.grade import Grade
from tms.answers.labels import (
    LETTER,
    item_label,
    label_beside_text,
    label_or_text,
    pattern,
    plain,
    recites,
    stated,
)
from tms.io.errors import InputError

METRIC = "accuracy"
MOST_STATEMENTS = 100  # of an answer, that are looked at: the last one counts
MARKER = re.compile(
    r"(?:\b(?:answer|option|choice|label)\b"
    r"(?:\s*(?:to|for|of)\b[^\n.:]{0,80}?(?=\s(?:is|would|should|must)\b))?|答案】?|选[项择]?|選[項擇]?)"
    r"(?:\s*(?:\bis\b|\bwould be\b|\bshould be\b|\bmust be\b|应该?是|應該?是|是|为|為))?\s*[:=]?\s*"
    r"(?:(?:definitely|certainly|clearly|surely|(?:most )?likely|probably|therefore|indeed|for sure|"
    r"closest to)\s+)?"
    r"(?:(?:the )?(?:correct |best )?(?:option|choice|letter|answer)\b"
    r"(?!\s+(?:is|would|should|must)\b)\s*[:=]?\s*)?",
    flags=re.IGNORECASE,
)
STATEMENT = re.compile(rf"(?:\bthe\s+)?(?:{MARKER.pattern})", flags=re.IGNORECASE)
NOT_CHOSEN = re.compile(
    r"(?:\bnot|n't|\bnor|\bthan|\bneither|不是|而非|不选|不選|排除)\s*(?:option |choice )?$",
    flags=re.IGNORECASE,
)
DENIED = re.compile(r"\b(?:incorrect|wrong|false|invalid|worst|not the)\s+$", flags=re.IGNORECASE)
BULLET = re.compile(r"^\s*(?:(?:[-•>+]|#+)\s+)+")
STATED = re.compile(r"\b(?:is|be)\b|[】:=是为為选選]", flags=re.IGNORECASE)
NOTHING = re.compile(
    r"\s*(?:[(\[<]|[_.…?—-]{2,}|\?|(?:none|neither|nothing|unknown|null|n/a)\b)", flags=re.IGNORECASE
)
NO_LABEL_OF_IT = re.compile(
    rf"{NOT_CHOSEN.pattern}|\b(?:only|both|statement|case|claim|premise|condition|assertion|reason|figure|"
    r"graph|compound|part|type|person|player)s?\s+$",
    flags=re.IGNORECASE,
)
# What stands before a lone capital letter that is chosen.
CHOSEN = (
    r"(?:\b(?:choose|chose|pick|picked|select|selected|say|guess|think|prefer|(?:go|going|stick) with|"
    r"it is|it's|(?:it|this|that|one) (?:must|should|would|has to) be|th(?:is|at) is|"
    r"(?:correct|right|best|true)(?: one)? is|so|thus|hence|therefore|consequently|option|choice|letter|"
    r"answer)\b ?[,:–—-]?\s*|\b(?:correct|best|final|conclusion|selection|result):\s*|[→⇒]\s*|"
    r"(?<![还還])是|为|為|选|選|所以|因此|故|：|，|。)"
)


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the completion's label is the gold label.

    Args:
        completion: the model's text; see `extract`.
        answer: `{"label": "C", "labels": ["A", "B", "C", "D"], "texts": [...]}`.
    """
    question = read_gold(answer)
    label = extract(completion, question["labels"], question["texts"])
    return Grade(float(label == question["label"]), label)


def read_gold(answer: str) -> dict:
    """The choices of a gold answer.

    Raises:
        InputError: it has none.
    """
    try:
        question = json.loads(answer)
        labels, texts = question["labels"], question["texts"]
        if question["label"] in labels and len(labels) == len(texts):
            return question
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError(
        f"the gold answer {answer[:60]!r} has no choices; take another grader, or a kind that gives "
        f"them (records: name the column of the options in options.columns.choices)"
    )


def extract(completion: str, labels: list[str], texts: list[str]) -> str:
    r"""The label that a completion answers with, "" where it gives none or more than one of the row's labels.

    The last "answer is", "answer:" or `\boxed{...}` counts first, then the last "option is" or "choice is",
    then a last line that is a label or an option, then the last label that "is the correct" one, then the
    last capital that is chosen ("so it must be C"), then the only label in brackets.
    """
    completion = marked(completion)
    complete = boxes(completion)
    text = plain(completion)
    in_box = None
    if complete:
        in_box = stated(plain(in_boxes(completion, complete)), labels, texts)
        if in_box is not None:
            text = plain(completion[complete[-1][1] :].partition("\n")[2])
    nothing = False
    statements = _statements(text)
    for marker in statements:
        if in_box is not None and not marker[0].lower().startswith(("answer", "答案")):
            continue
        if OFFERED_TOO.search(text[max(0, marker.start() - 60) : marker.start()]):
            return ""
        behind = NOT_BUT.sub("", text[marker.end() :].lstrip(" \n:")[:1000])
        if (label := stated(behind, labels, texts)) is not None:
            each = len(statements) >= len(labels) and _states_each(text, labels)
            return "" if each else label
        if re.match(r"\(?(?:[A-Z]|\d)\)?(?=[\s.,;:)]*(?:\n|$))", behind) or NOTHING.match(behind):
            return ""  # a label that the question does not have, or none
        nothing = nothing or not behind
    if in_box is not None:
        return in_box
    lines = [line for line in (BULLET.sub("", line).strip() for line in text.splitlines()) if line]
    items = {
        item for line in lines if (item := item_label(line, labels) or label_beside_text(line, labels, texts))
    }
    if _names_each([line.strip(" .()[]") for line in lines], labels):
        return ""
    for line in (lines[-1:] + lines[:1]) if len(items) <= 1 else []:
        if recites(line, labels, texts):
            continue
        if stated(line, labels, texts) == "":
            return ""
        label = label_or_text(affirmed(line), labels, texts)
        if label and (len(lines) == 1 or not label.isdigit()):
            return label
    if nothing:
        return ""
    lines = [line for line in lines if not recites(line, labels, texts)]
    text = "\n".join(lines)
    named = _affirmed(text, labels)
    if not named[-1]:
        named = _chosen(text, labels, texts)
    if _names_each(named, labels):
        return ""
    return named[-1] or _in_brackets(lines, labels, texts)


def _statements(text: str) -> list[re.Match]:
    """The last statements of an answer, the last one first; those of an option or choice come after."""
    statements = [
        match
        for match in MARKER.finditer(text)
        if STATED.search(match.group())
        and not DENIED.search(text[max(0, match.start() - 20) : match.start()])
    ]
    ranked = sorted(
        reversed(statements), key=lambda match: match[0][:6].lower() != "answer" and match[0][:2] != "答案"
    )
    return ranked[:MOST_STATEMENTS]


def _names_each(found: list[str], labels: list[str]) -> bool:
    """Whether each of three or more labels is among those that a text names, so that it chooses none."""
    return len(labels) > 2 and set(found) >= set(labels)


def _states_each(text: str, labels: list[str]) -> bool:
    """Whether a text is nothing but statements, and each label has one: "answer: A answer: B ..."."""
    words = re.split(r"[\s.,;:()\[\]]+", STATEMENT.sub(" ", text))
    return _names_each(words, labels) and set(words) <= {*labels, ""}


def _affirmed(text: str, labels: list[str]) -> list[str]:
    """The labels, in brackets or in capitals, that a text says to be "the correct" one; [""]: none."""
    label = pattern(tuple(labels))
    alone = rf"(?<![{LETTER}'’\-])({label})" if not labels[0].isdigit() else r"(?!)()"
    bracketed = rf"(?:[(\[]\s*({label})\s*[)\]]|{alone})"
    surely = r"(?:clearly |definitely |certainly |indeed )?(?:the )?"
    chinese = r"(?:选项|選項|项|項)?(?:才?是|为|最|更)*(?:正确|正確|对的|對的|合适|合適)"
    said = re.compile(rf"{bracketed}(?:\s+is\s+{surely}(?:correct|right|best|answer)\b|{chinese})")
    found = [
        match
        for match in said.finditer(text)
        if not NO_LABEL_OF_IT.search(text[max(0, match.start() - 20) : match.start()])
    ]
    return [next(filter(None, match.groups())) for match in found] or [""]


def _chosen(text: str, labels: list[str], texts: list[str]) -> list[str]:
    """The capital letters that a text chooses, "" first: "so it must be C", "I pick C", "therefore C."."""
    if labels[0].isdigit():
        return [""]
    label = pattern(tuple(labels))
    chosen = [""]
    for match in re.finditer(
        rf"{CHOSEN}(?=[(\[\"'“‘]?(?:{label})(?![{LETTER}'’\-]))", text, flags=re.IGNORECASE
    ):
        behind = text[match.end() : match.end() + 200]
        anyhow = re.match(r"option|choice|letter", match[0], flags=re.IGNORECASE)
        letter = re.match(rf"[(\[\"'“‘]?({label})[)\]\"'”’]?", behind, re.IGNORECASE if anyhow else 0)
        ends = letter and re.match(
            r"\s*(?:[.,;!?。，；：]|\n|$|(?:because|since|as)\b|[^\x00-\x7f])", behind[letter.end() :]
        )
        if not ends or NOT_CHOSEN.search(text[max(0, match.end() - 20) : match.end()]):
            continue
        if letter[1] in "AaIi" and re.match(r",", behind[letter.end() :]):
            continue
        chosen.append(stated(behind, labels, texts) or "")
    return chosen


def _in_brackets(lines: list[str], labels: list[str], texts: list[str]) -> str:
    """The one label in brackets that a text, or else its last line, has and does not deny; f(A) is none."""
    label = pattern(tuple(labels))
    before = rf"(?:{CHOSEN}|\b(?:is|be|are|that|with|for)\s+|[.,;!?]\s+|^\s*)"
    bracketed = re.compile(
        rf"{before}[(\[]\s*({label})\s*[)\]](?!\s*[=+*/^<>])", flags=re.MULTILINE | re.IGNORECASE
    )
    for text in ("\n".join(lines), *lines[-1:]):
        found = {
            stated(text[match.start(1) - 1 :], labels, texts)
            for match in bracketed.finditer(text)
            if not NOT_CHOSEN.search(text[max(0, match.start(1) - 21) : match.start(1) - 1])
        }
        if len(found) == 1:
            return found.pop() or ""
    return ""
