"""Numbers as people write them: plain spellings, and where numbers stand in a text."""

import re
import unicodedata

from tms.answers.final_answer import PLAIN

SIGNS = PLAIN | {ord(sign): "-" for sign in "−–‐‑﹣"} | {ord(sign): "/" for sign in "⁄∕"}
VULGAR = re.compile(r"(\d ?)?([¼-¾⅐-⅞↉])")
SHARES = {"half": "1/2", "third": "1/3", "quarter": "1/4", "fourth": "1/4", "fifth": "1/5", "eighth": "1/8"}
AND_A_SHARE = re.compile(
    rf"(?<=\d) and (?:(a|one|two|three)[ -])?({'|'.join(SHARES)})s?(?![a-zA-Z])", flags=re.IGNORECASE
)
# A space groups thousands only as one to three digits followed by groups of exactly three.
INTEGER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|(?<!\d )\d{1,3}(?: \d{3})+(?! ?\d)|\d+)"
DECIMAL = rf"(?:{INTEGER}(?:\.\d*)?|\.\d+)"
EXPONENT = r"(?:[eE][+-]?\d{1,4}(?![\w.]))"
FACTORS = {"thousand": 10**3, "k": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
FACTOR = r"(?:\s?(?:thousand|million|billion|trillion)|k)(?![a-zA-Z])"  # behind a number
# In a text: no part of a word, an exponent or a clock time, no full stop at its end.
NUMERAL = (
    r"(?<![\w^\\])(?<![^.]\.)(?<!^\.)(?<!\^\{)(?<!\d:)(?:(?<![\d)\]}])-)?"
    rf"(?:\d+ \d+/\d+|{INTEGER}(?:\.\d+)?{EXPONENT}?(?:/\d+(?:\.\d+)?(?![\d/]))?)(?!\d)(?!:(?!00(?!\d))\d)"
    rf"(?:\s?\\?%|{FACTOR})?"
    r"|(?<![\w.])-?\.\d+(?:\s?\\?%)?"
)
NUMBER = re.compile(NUMERAL, flags=re.ASCII)


def plain(text: str) -> str:
    """A text with numbers in ASCII: digits of any script, full-width signs, spaces, `2½` as `2 1/2`.

    This is no Unicode normalisation, which would make `21/2` of `2½` and 82 of `8²`.
    """
    text = text.translate(SIGNS)
    if not text.isascii():
        text = re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), text)
        text = VULGAR.sub(_vulgar, text)
    return AND_A_SHARE.sub(_share, text)


def _vulgar(match: re.Match) -> str:
    whole, sign = match.groups()
    fraction = unicodedata.normalize("NFKC", sign).replace("\u2044", "/")
    return f"{whole.strip()} {fraction}" if whole else fraction


def _share(match: re.Match) -> str:
    bottom = SHARES[match[2].lower()].partition("/")[2]
    top = {"two": 2, "three": 3}.get((match[1] or "").lower(), 1)
    return f" {top}/{bottom}"
