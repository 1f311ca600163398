r"""The final answer that a completion states, without the signs around it.

A marker states it ("answer:", a heading "Final Answer"), a tag `<answer>`, or a box; without any of them "the
answer is". The last statement counts, whichever of them it is.
"""

import re

from tms.answers.boxes import boxed, boxes

LONGEST = 20_000  # characters of a completion that are looked at, counted from its end
QUOTES = "\"'“”„‟‘’‚‛«»‹›「」『』"
DECORATION = f" \t\u00a0*_`$\\[](){{}}#>{QUOTES}"  # of a line that says nothing
STRIPPED = f" \t\r\n*_`{QUOTES}"  # from both ends of an answer
TRAILING = ".,;:。，；："  # from its end
# Signs read as plain ones, one by one: a Unicode normalisation would make digits of `²` and `½`.
PLAIN = dict.fromkeys(map(ord, "\u00a0\u1680\u2007\u2009\u200a\u202f\u205f\u3000"), " ")
PLAIN |= dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"), None)  # of no width
PLAIN |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width
THOUGHT = r"think(?:ing)?|thoughts?|reasoning"
THOUGHT_BEGINS = re.compile(rf"<(?:{THOUGHT})>", flags=re.IGNORECASE)
THOUGHT_ENDS = re.compile(rf"</(?:{THOUGHT})>", flags=re.IGNORECASE)
FENCE = re.compile(
    r"(?:(?<!`)`{3,}|(?<!~)~{3,})(?:python|py|text|txt|plain(?:text)?|math|latex|tex|markdown|json)?[ \t]*$",
    flags=re.MULTILINE,
)
IS = r"(?:\s(?:to|for|of)\b[^\n.:=]{0,80}?)?\s(?:is|are|(?:would|should|must|will)\sbe)\b"
TASK = r"(?:to|for|of) (?:the |this |your )?(?:question|problem|task|puzzle|exercise)(?: \w{1,10})?"
STATEMENT = re.compile(
    r"<(?P<tag>(?:final[ _-]?)?answer)>"
    r"|^[ \t#*_>]*(?:the )?(?:final |correct |short )?answer[ \t#*_]*$"
    rf"|(?:\bans(?:wers?)?\b[*_`)\]{QUOTES}]{{0,4}} ?(?:\([^()\n]{{1,40}}\) ?)?(?:{IS}|(?:is|are)\b|{TASK})?"
    r"|答案】? ?是?)[*_ ]{0,4}(?:[:：]|=(?!=))",
    flags=re.IGNORECASE | re.MULTILINE,
)
END_OF_ANSWER = re.compile(r"</(?:final[ _-]?)?answer>", flags=re.IGNORECASE)
ANNOUNCED = re.compile(
    rf"\banswer\b{IS}[*_]*:?\s+"
    r"(?!(?:not(?![^.\n]{1,60}\bbut\b)|in|on|at|found|located|given|based|correct|right|wrong|clear)\b)",
    flags=re.IGNORECASE,
)
OR = re.compile(r"(?<!\s)\s+(or)\s+", flags=re.IGNORECASE)  # also on a line of its own
# Between two statements that offer one answer together.
OFFERED_TOO = re.compile(
    r"(?:\b(?:or|alternatively)|</(?:final[ _-]?)?answer>\W*(?:and|[,;&]))[\s,:*<]*"
    r"(?:(?:the|my|final|else|also|maybe|perhaps|possibly)\s+){0,3}$",
    flags=re.IGNORECASE,
)
TAGS_JOINED = re.compile(
    r"</(?:final[ _-]?)?answer>\W{0,20}(?:and|or|[,;&/|])\W{0,20}<(?:final[ _-]?)?answer>",
    flags=re.IGNORECASE,
)
TAGS = re.compile(
    r"</?(?:(?:final[ _-]?)?answer|expression|equation|result|solution|em|strong|mark|code|pre|br|span|"
    r"div|center|math)\s*/?>|</[biups]>|<[|｜][\w▁]{1,40}[|｜]>|<([biup])>(?=[^<\n]{0,300}</\1>)",
    flags=re.IGNORECASE,
)
ESCAPED = re.compile(r"\\([*_`#~+>-])")
ENCLOSING = (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"), ("$", "$"), ("<", ">"))
MACRO = re.compile(
    r"\\(?:text\w*|mbox|emph|underline|math(?:rm|bf|it|sf|tt)|boldsymbol|bm|boxed|fbox)\s*"
    r"\{((?:[^{}]|\{[^{}]*\})*)\}"
)
NOT_BUT = re.compile(
    r"^\s*(?:it(?: is|'s)\s+)?not\b[^\n]{0,100}?\bbut\b(?:\s+rather\b)?\s*", flags=re.IGNORECASE | re.DOTALL
)
CORRECTED = re.compile(r"^.*[\s,;:.(—](?:or rather|I mean|no,? wait)\b[\s,:;]*", flags=re.IGNORECASE)
DENIED = re.compile(
    r"(?<![\s,;:(\[—–-])[\s,;:(\[—–-]*(?:\b(?:and|but)\s+)?\b(?:not|rather than|instead of)\b"
    r"(?:[^.\n]|\.(?=\d))*",
    flags=re.IGNORECASE,
)
# A few expressions take the square of a run's length, so that longer ones are shortened. Two blanks group no
# thousands, and an empty line still separates.
BLANKS = re.compile(r"\s{20,}")
CUT_WORD = re.compile(r"^[0-9A-Za-z]+")
HOPE = re.compile(r"\bI hope (?:it|this) is (?:correct|right)\W*$", flags=re.IGNORECASE)


def spoken(completion: str) -> str:
    """A completion's end, without its thoughts: `<think>...</think>`, or all before a lone `</think>`.

    Thoughts without an end are read as the rest is: a completion that is cut off may still have answered.
    What "or" joins stands on one line, and long runs of blanks are short. Of a longer text the end begins
    behind the word that the cut goes through: the "k" of "pick" is no label.
    """
    text = short_blanks(completion)
    if len(text) > LONGEST:
        text = CUT_WORD.sub("", text[-LONGEST:])
    *closed, rest = THOUGHT_ENDS.split(text)
    kept = ""
    for part in closed:
        before, *thought = THOUGHT_BEGINS.split(part, maxsplit=1)
        kept = f"{kept}{before}\n" if thought else ""
    return OR.sub(r" \1 ", kept + rest)


def short_blanks(text: str) -> str:
    """A text with two blanks, or an empty line, in the place of 20 and more."""
    return BLANKS.sub(lambda run: "\n\n" if "\n" in run[0] else "  ", text)


def final_answer(completion: str) -> str | None:
    """The last answer that a completion states, see `unwrapped`; None where it states none.

    Of an answer behind a marker it is the rest of the line, or the next line that holds more than decoration;
    of boxes side by side, all contents, joined by commas; of two statements joined by "or", both.
    """
    text = FENCE.sub("", spoken(completion))
    statements = list(STATEMENT.finditer(text))
    complete = boxes(text)
    start, end = _extent(text, statements[-1]) if statements else (0, 0)
    if complete and complete[-1][0] >= end:
        stated = in_boxes(text, complete)
    elif statements:
        stated = text[start:end]
        for index in range(len(statements) - 1, -1, -1):
            start = statements[index].start()
            if not OFFERED_TOO.search(text[max(0, start - 60) : start]):
                break
            earlier = statements[index - 1].end() if index else text.rfind("\n", 0, start) + 1
            stated = f"{text[earlier:start].strip()} {stated.strip()}"
    elif announced := list(ANNOUNCED.finditer(text)):
        stated = first_line(text[announced[-1].end() :])
    else:
        return None
    if inner := boxes(stated):
        stated = in_boxes(stated, inner)
    return unwrapped(HOPE.sub("", ANNOUNCED.split(stated)[-1]))


def marked(completion: str) -> str:
    """A completion's text, see `spoken`; each tag, heading and marker of an answer is "answer:" there."""
    text = TAGS_JOINED.sub(" or ", FENCE.sub("", spoken(completion)))
    text = STATEMENT.sub(lambda statement: f"{chr(10) if statement['tag'] else ' '}answer: ", text)
    return TAGS.sub(" ", END_OF_ANSWER.sub("\n", text))


def _extent(text: str, statement: re.Match) -> tuple[int, int]:
    """Begin and end of the answer of a marker or a tag: a line; of a closed tag the last one."""
    start = statement.end()
    if statement["tag"] and (closing := END_OF_ANSWER.search(text, start)):
        lines = [line for line in text[start : closing.start()].splitlines() if _says(line)]
        end = closing.start()
        return (text.rindex(lines[-1], start, end), end) if lines else (end, end)
    for line in text[start:].splitlines(keepends=True):
        end = start + len(line)
        if _says(line):
            closing = END_OF_ANSWER.search(text, start, end)
            return start, closing.start() if closing else end
        start = end
    return start, start


def _says(line: str) -> bool:
    return TAGS.sub("", line).strip(DECORATION).strip() != ""


def first_line(text: str) -> str:
    """The first line that holds more than decoration, "" where there is none."""
    return next((line for line in text.splitlines() if _says(line)), "")


def last_line(text: str) -> str:
    """The last line that holds more than decoration, "" where there is none."""
    return next((line for line in reversed(text.splitlines()) if _says(line)), "")


def in_boxes(text: str, complete: list[tuple[int, int, str]]) -> str:
    """The contents of the last boxes, and what their line offers beside them."""
    before = text[: complete[-1][0]].rpartition("\n")[2]
    contents = boxed(text, several=True)
    if len(complete) == 1 and re.search(r"(?:\bor|/)[\s$\\(\[*]*$", before):
        contents = f"{before} {contents}"
    too = re.match(r"[\s$,;.\\()\]*]*(?:\bor\b|/).*", text[complete[-1][1] :])
    return f"{contents} {too.group().strip()}" if too else contents


def unwrapped(text: str) -> str:
    r"""An answer without tags, emphasis, quotes, TeX's delimiters, `\text{}`, and stops at its end.

    Escaped signs are read as themselves (`\*`), full-width ones and spaces of any width as plain ones.
    """
    text = ESCAPED.sub(r"\1", TAGS.sub(" ", text.translate(PLAIN)))
    before = None
    while text != before:
        before = text
        text = text.strip(STRIPPED).lstrip("#> ").rstrip(TRAILING)
        for opening, closing in ENCLOSING:
            inner = text[len(opening) : -len(closing)]
            pair = text == opening + inner + closing
            if pair and opening not in inner and closing not in inner:
                text = inner
        if macro := MACRO.fullmatch(text):
            text = macro[1]
    return text


def affirmed(text: str) -> str:
    """An answer without what it denies or corrects: "Paris, not London", "not London but Paris" say Paris."""
    return DENIED.sub("", CORRECTED.sub("", NOT_BUT.sub("", text)))
