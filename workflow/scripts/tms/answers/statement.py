r"""The last statement of an answer in a completion: its boxes, or the sentence behind "answer is"."""

import re

from tms.answers.boxes import BETWEEN_BOXES, LONGEST_ANSWER, boxes
from tms.answers.final_answer import END_OF_ANSWER, OFFERED_TOO, short_blanks, spoken
from tms.answers.numerals import NUMERAL, plain

FARTHEST = 200  # characters between the boxes, and the values, of one list
MARKER = re.compile(
    r"####|<(?:final[ _-]?)?answer>"
    r"|\banswers?\b[*_\s]{0,4}(?:\([^()\n]{1,40}\)\s?)?(?:(?:to|for|of)\b[^\n.:=$]{0,80}?)?"
    r"(?:\bis\b|\bare\b|\b(?:would|will|should|must) be\b|=|:)[*_:\s]{0,8}"
    r"(?:(?:approximately|about|exactly|simply|just|clearly|therefore|thus|equal to) ){0,2}"
    r"|\bfinal answers?\b[*_]{0,4}\s*\n+",
    flags=re.IGNORECASE,
)
MATH = (
    r"(?<!\\)\$\$(?P<display>(?:[^$\\]|\\.){1,500})\$\$|(?<!\\)\$(?P<inline>(?:[^$\n\\]|\\.){1,500})\$"
    r"|\\\((?P<paren>.{1,500}?)\\\)|\\\[(?P<bracket>.{1,500}?)\\\]"
)
FORMULA = re.compile(MATH, flags=re.DOTALL)
FINAL = re.compile(r"\bfinal answers?\b[*_\s]{0,4}(?:is\b|are\b|:)", flags=re.IGNORECASE)
# What keeps a sentence going: another value behind its end ("12. Or 20", "12? Alternatively, $20$").
OR_ANOTHER = (
    r"(?!\s+(?:[Oo]r|[Aa]lternatively)\b,?\s+(?:(?:maybe|perhaps|possibly|even|also|just)\s+)?"
    r"(?:[-$\\(*\d]|\Z))"
)
# A line that begins with "or" belongs to the sentence before; a full stop may stand before `$`.
SENTENCE = re.compile(
    rf"(?<!\bor)(?<!\band){OR_ANOTHER}\n(?!\s*(?:[Oo]r|and)\b)"
    rf"|(?<=.)(?<!\bvs)\.(?=(?:\$\$?|\\[\])])?(?:\s|$)){OR_ANOTHER}|[!?](?=\s|$){OR_ANOTHER}|\bI hope\b",
    flags=re.DOTALL,
)
CONNECTIVES = (
    r"(?:and/or|or|and|to|through|vs|versus|as well as|otherwise|alternatively|else|maybe|perhaps|possibly)"
)
ALTERNATIVE = r"(?:and/or|or|versus|vs|alternatively|otherwise|maybe|perhaps|possibly)"
# Between two values of one statement.
CONNECTED = rf"(?:\s*(?:[,;(?—–]\s*)?\b{CONNECTIVES}\b[.,]?|\s*(?:[,;/|&…—]|\.\.+))"
FILLER = (
    r"(?:(?:maybe|possibly|perhaps|probably|(?:most )?likely|also|even|else|about|around|approximately|nearly"
    r"|at least|at most|up to|another|either|both|only|just|then|alternatively|it|could|can|may|might|is|be)"
    r",?)"
)
# What makes working, or an error, of the boxes before it.
ANEW = re.compile(
    rf"{MARKER.pattern}|\b(?:so|thus|hence|therefore|not|no|wait|actually|rather|correction|wrong|incorrect"
    r"|instead|implies|means|gives)\b|=>|\\(?:implies|Rightarrow)(?![a-zA-Z])|[⇒→]",
    flags=re.IGNORECASE,
)
OPENING = r"[\s*_`\"'“‘$€£({\[\\]*(?:text\s*\{\s*)?"
NOT = r"(?:\bnot|\bnever|\bnor|n't|\brather than|\binstead of)"
ITEM = rf"(?:{NUMERAL}|\$[^$\n]{{1,80}}\$)"
DENIED = re.compile(
    rf"[,;(]?\s*(?:\b(?:and|but)\s+)?{NOT}\s+(?:the\s+)?{OPENING}{ITEM}"
    rf"(?:[\s$]*(?:\bor|\bnor)\s+{OPENING}{ITEM})*",
    flags=re.ASCII,
)
DENIED_BOX = re.compile(rf"{NOT}\s*[\s$(\\\[]*$")
CORRECTED = re.compile(
    rf"[,;:.(—\s]\s*(?:or rather|no|no,? wait|wait|I mean|actually|correction)\b[,:;\s]+(?={OPENING}{ITEM})",
    flags=re.IGNORECASE | re.ASCII,
)

# Another value beside a box: "\\boxed{12} or 20".
OTHER_AFTER = re.compile(
    rf"[\s$)\]\\]*(?:[-a-zA-Z]+\s+){{0,3}}?"
    rf"(?:(?:,\s*)?\b{ALTERNATIVE}\s+(?:[a-z]+\s+){{0,3}}{OPENING}(?P<item>{ITEM})"
    rf"|[(—–]\s*{ALTERNATIVE}\s+(?:[a-z]+\s+){{0,3}}{OPENING}(?P<aside>{NUMERAL})"
    rf"|(?<![a-zA-Z] )(?:,\s*)?\band\s+{OPENING}(?P<number>{NUMERAL})(?!\s*[-+*/^=\\])"
    rf"|[,/]\s*{OPENING}(?P<last>{NUMERAL})(?=[\s$)\].]*(?:\n|$)))",
    flags=re.ASCII,
)
OTHER_BEFORE = re.compile(
    rf"(?:^|\n|\banswers?\s+(?:is|are)\b:?\s*(?:between|either)?){OPENING}(?P<item>{NUMERAL})[\s$)\]\\]*"
    rf"(?:[-a-zA-Z]+\s+){{0,3}}?(?:,\s*)?\b(?:or|and)\s+(?:[a-z]+\s+)?{OPENING}(?:\w\s*=\s*)?$",
    flags=re.ASCII | re.IGNORECASE,
)


def readable(completion: str) -> str:
    """The end of a completion as it is read: without thoughts, numbers in plain signs."""
    return END_OF_ANSWER.sub("\n", short_blanks(plain(spoken(completion))))


def boxed_statement(text: str) -> list[str]:
    """Contents of the boxes of the last sentence that has any; earlier ones are working.

    Boxes on lines of their own are one list too. What is denied ("not") is left out.
    """
    stated = [box for box in boxes(text) if not DENIED_BOX.search(text[max(0, box[0] - 30) : box[0]])]
    listed = stated[-1:]
    for box in stated[-2::-1]:
        if not _joined(text, box[1], listed[0][0]):
            break
        listed.insert(0, box)
    contents = [content for *_, content in listed]
    if listed and (other := OTHER_AFTER.match(text, listed[-1][1])):
        contents.append(other[other.lastgroup].strip("$"))
    if listed and (other := OTHER_BEFORE.search(text, max(0, listed[0][0] - FARTHEST), listed[0][0])):
        contents.insert(0, other["item"])
    return contents


def _joined(text: str, start: int, end: int) -> bool:
    """Whether the boxes at both ends of a part of a text are one list."""
    if end - start > FARTHEST:
        return False
    if BETWEEN_BOXES.fullmatch(text[start:end]):
        return True
    return not SENTENCE.search(text, start, end) and not ANEW.search(text, start, end)


def restated(text: str) -> bool:
    """Whether a "final answer" with a number or formula is announced behind the last box."""
    complete = boxes(text)
    behind = text[complete[-1][1] :] if complete else ""
    return FINAL.search(behind) is not None and re.search(r"\d|\$|\\", announced(behind) or "") is not None


def announced(text: str) -> str | None:
    """The sentence behind the last "answer is", "Answer:" or "####" that holds anything, else None.

    Without the values that it denies ("12, not 20") or corrects ("20, or rather 12").
    """
    markers = list(MARKER.finditer(text))
    for index in reversed(range(len(markers))):
        marker = markers[index]
        behind = text[marker.end() : marker.end() + 4 * LONGEST_ANSWER].lstrip("*_ \n:")
        sentence = first_sentence(behind)
        stated = without_denied(sentence).rstrip("*_ ")
        before = text[markers[index - 1].end() if index else 0 : marker.start()]
        if index and (too := OFFERED_TOO.search(before[-LONGEST_ANSWER:])):
            return f"{before[-LONGEST_ANSWER:][: too.start()]} or {stated}"
        if stated and (len(stated) == len(sentence.rstrip("*_ ")) or re.search(r"\d|\\", stated)):
            return stated
    return None


def without_denied(text: str) -> str:
    """A statement without the values that it denies, and what stands behind its last correction."""
    text = DENIED.sub(" ", text)
    corrections = list(CORRECTED.finditer(text))
    return (text[corrections[-1].end() :] if corrections else text).strip()


def first_sentence(text: str) -> str:
    """A text's first sentence; math that it starts with is kept whole."""
    position = 0
    while formula := FORMULA.search(text, position):
        stop = SENTENCE.search(text, position)
        if stop and stop.start() < formula.start():
            break
        position = formula.end()
    stop = SENTENCE.search(text, position)
    return text[: stop.start() if stop else LONGEST_ANSWER].strip()


def content(formula: re.Match) -> str:
    """The text between the signs of a match of `MATH`."""
    return next(text for text in formula.groupdict().values() if text is not None).strip()
