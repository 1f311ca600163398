"""A text's plain form, in which two texts that differ in case, spaces and punctuation alone are equal.

The rule: Unicode's NFKC (full-width signs, ligatures and powers are plain ones), case folded; signs of no
width are left out; an apostrophe between letters goes ("don't" is "dont"), every other punctuation mark is a
space; signs that mean something (`+ = < % # & @ $ °`) are words of their own. What belongs to a number stays:
a point, comma, colon or slash between digits (3.5, 1,000, 12:30, 1/2), a minus sign before it, other signs
before that or none (-5, **-5**, x=-5; a dash may stand for it), and a point that begins it (.5).
Articles stay: what they are depends on the language.
"""

import re
import unicodedata

APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’ʼ](?=[^\W\d_])")
# Signs behind which a minus sign or a point begins a number: not behind a word, as in covid-19 or 10-12.
OPENS = r"""\s(\[{"'“‘«*_`~=<>≤≥≠≈+×·÷,;:/|$€£¥#&@!?^"""
OF_NUMBER = re.compile(
    rf"((?<=\d)[.,:/](?=\d)|(?<![^{OPENS}.])(?<!\d[$€£¥])[-−–‐](?=\.?\d)|(?<![^{OPENS}−–‐-])\.(?=\d))"
)
MINUS = str.maketrans("−–‐", "---")
MEANING = "%‰#&@"  # punctuation to Unicode


class _Signs(dict):
    """Replacement of a character, by its code: itself, a space, nothing, or itself as a word."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        category = unicodedata.category(sign)
        if category == "Cf":  # of no width
            value = ""
        elif sign in MEANING or category in ("Sm", "Sc", "So"):
            value = f" {sign} "
        else:
            value = " " if category[0] == "P" or category in ("Sk", "Cc") else sign
        self[code] = value
        return value


SIGNS = _Signs()
WIDTHLESS = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def plain_form(text: str) -> str:
    """The plain form of a text, as above; "" where it says nothing."""
    text = unicodedata.normalize("NFKC", WIDTHLESS.sub("", text)).casefold()
    text = APOSTROPHE.sub("", unicodedata.normalize("NFKC", text))
    parts = OF_NUMBER.split(text)
    parts = [part.translate(MINUS) if i % 2 else part.translate(SIGNS) for i, part in enumerate(parts)]
    return " ".join("".join(parts).split())


def occurs(sought: str, text: str) -> bool:
    """Whether a plain form occurs in another one at the borders of words.

    Scripts that are written without spaces (Chinese, Japanese, Thai, ...) have a border at every character.
    """
    start = text.find(sought)
    while start >= 0:
        end = start + len(sought)
        if _border(text[start - 1 : start], text[start]) and _border(text[end - 1], text[end : end + 1]):
            return True
        start = text.find(sought, start + 1)
    return False


def _border(left: str, right: str) -> bool:
    """Whether a word ends or begins between two neighbours, of which one may be ""."""
    return left in ("", " ") or right in ("", " ") or _unspaced(left) or _unspaced(right)


def _unspaced(sign: str) -> bool:
    """Whether a character's script is written without spaces between words."""
    return any(first <= sign <= last for first, last in UNSPACED)


UNSPACED = [
    ("\u0e00", "\u0eff"),  # Thai, Lao
    ("\u1000", "\u109f"),  # Burmese
    ("\u1780", "\u17ff"),  # Khmer
    ("\u3005", "\u30ff"),  # Japanese
    ("\u3400", "\u9fff"),  # Chinese
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
]
