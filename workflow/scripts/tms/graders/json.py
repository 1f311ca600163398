"""Grader of JSON: the completion's value equals the gold one.

Strict JSON counts, and keys in any order, 1 as 1.0 (`tms.io.strict_json.equal`).
"""

import re
from collections.abc import Iterator
from contextlib import suppress

from tms.answers.grade import Grade
from tms.io import strict_json
from tms.io.errors import InputError

METRIC = "accuracy"
LONGEST = 50_000  # characters of a completion that are looked at, counted from its end, and of a gold answer
FENCED = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", flags=re.DOTALL)
# A text, ended or not, or a bracket; and an opening one behind which JSON has begun.
BRACKET = re.compile(r"[{}\[\]]")
SIGN = re.compile(rf'"(?:[^"\\\n]|\\.)*+(?P<ended>"?)|{BRACKET.pattern}')
BEGUN = re.compile(r'\{\s*"|\[\s*["{\[]')
DECODER = strict_json.exact_decoder()


def read_gold(answer: str) -> object:
    """The value of a gold answer.

    Raises:
        InputError: it is no strict JSON, or too long or too deep.
    """
    try:
        if len(answer) > LONGEST:
            raise ValueError(f"longer than {LONGEST} characters")
        gold = DECODER.decode(answer)
        strict_json.check_depth(gold)
        return gold
    except strict_json.BROKEN as error:
        raise InputError(f"the gold answer {answer[:60]!r} is no JSON ({error}); correct it") from error


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the completion's value equals the gold one; see `extract`."""
    gold = read_gold(answer)
    text = extract(completion)
    if text is None:
        return Grade(0.0, "")
    return Grade(float(strict_json.equal(DECODER.decode(text), gold)), text[:200])


def extract(completion: str) -> str | None:
    """The JSON that a completion states: all of it, else the last fenced block, else the last object or list.

    A fenced block that is no JSON is read as text. What lies inside brackets that are no JSON does not count
    by itself, and a last object or list that does not end is none.
    """
    text = completion[-LONGEST:].strip()
    for candidate in [text, *[block.strip() for block in FENCED.findall(text)[-1:]]]:
        try:
            DECODER.decode(candidate)
            return candidate
        except strict_json.BROKEN:
            pass
    found = None
    for start, end in _brackets(text):
        if end is None and BEGUN.match(text, start):
            return None
        with suppress(*strict_json.BROKEN):
            DECODER.decode(text[start:end] if end else "")
            found = text[start:end]
    return found


def _signs(text: str) -> Iterator[re.Match]:
    """The brackets outside of texts, and those texts.

    A quote without an end is no text; nor is one behind it on its line, which it would have ended at.
    """
    for sign in SIGN.finditer(text):
        if sign["ended"] == "":
            yield from BRACKET.finditer(text, *sign.span())
        else:
            yield sign


def _brackets(text: str) -> list[tuple[int, int | None]]:
    """Begin and end of each outermost pair of brackets, in their order; None: it does not end."""
    pairs, open_at = [], []
    for sign in _signs(text):
        if sign[0] in "{[":
            open_at.append(sign.start())
        elif sign[0] in "}]" and open_at:
            start = open_at.pop()
            # Pairs inside this one are no longer outermost.
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, sign.end()))
    return sorted([*pairs, *((start, None) for start in open_at)], key=lambda pair: pair[0])
