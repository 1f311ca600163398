"""Labels of multiple-choice options, and the options' texts, where a text names them."""

import re
import unicodedata
from functools import cache, lru_cache

from tms.answers.final_answer import short_blanks

LONGEST_STATEMENT = 1000  # characters
LETTER = "a-zA-Z0-9_À-ɏ"  # of a word that is no label; a Chinese word may follow a label at once
# What may follow "A" or "I" as labels in a sentence; before other words they are an article and a pronoun.
AFTER_A_LABEL = r"because|since|as|and|or|which|due|based|given|for|with|here|in this"
AFTER_A_DIGIT = r"because|since|as"
WRONG = (
    r"\s+(?:all )?(?:is|are|was|were)\s+(?:all |both |clearly )?(?:wrong|incorrect|false|invalid|not)\b"
    r"|都?是?[错錯不]"
)
CORRECT = re.compile(  # around an option's text
    r"^(?:so|thus|hence|therefore),?\s+"
    r"|\s+is (?:clearly |definitely )?(?:the )?(?:(?:correct|right|best) )?(?:answer|option|choice|one)\W*$",
    flags=re.IGNORECASE,
)
OPENING, CLOSING = "(\\[<\"'“‘«", ")\\]>\"'”’»"
# Between two labels of which both are offered.
MAYBE = r"maybe|perhaps|possibly|probably|alternatively|otherwise"
ALSO = (
    rf"(?:(?:option|choice|also|else|even|either|just|then|(?:most )?likely|it|could|might|may|be|{MAYBE})\b"
    r",?\s+)*"
)
JOINT = re.compile(
    r"\s*(?:或者?|和|与|與|及|、|还是)\s*|"
    rf"\s*(?:,\s*)?\(?(?:and(?!/)|to|through)\b\s*{ALSO}"
    r"|\s*(?:(?:[,;?(—–-]|\.{2,}|…|\.(?=\s*(?:or|alternatively)\b))\s*)?"
    rf"(?:and/or|or|nor|vs|versus|as well as|else|(?:but\s+)?(?:{MAYBE}))\b[,.]?\s*{ALSO}"
    rf"|[^\S\n]*(?:[,/&|;]|(?P<range>[+~–—-]))\s*{ALSO}",
    flags=re.IGNORECASE,
)
JOINED_LABEL = re.compile(r"\s*[+/]\s*[(\[]?[a-zA-Z](?!\w)")
OFFER = re.compile(r"\s*(?:either|both|between|one of|options|choices)\b:?\s*", flags=re.IGNORECASE)
NUMERICS = re.compile("([²³¹¼-¾⁰-₉⅐-↋]+)")  # which a normalisation would make digits of
ARTICLES = ("a", "an", "the")
WORD = re.compile(r"\w+|[^\w\s.,;:!?'\"“”‘’«»()\[\]]")
DECORATION = str.maketrans("", "", "*_`$\\")


def plain(text: str) -> str:
    """Full-width signs as ASCII, no Markdown or LaTeX decoration."""
    parts = NUMERICS.split(text.replace("_{", ""))
    parts[::2] = (unicodedata.normalize("NFKC", part) for part in parts[::2])
    text = re.sub(r"\\(?:text\w*|math\w\w|boxed)\b|[{}]", " ", "".join(parts)).translate(DECORATION)
    return short_blanks(text)


@cache
def pattern(labels: tuple[str, ...]) -> str:
    """Any of the labels, as a regular expression."""
    return "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))


def stated(text: str, labels: list[str], texts: list[str]) -> str | None:
    """The label that a statement begins with, or that of the option that it begins with.

    "" where it offers several, None where it begins with neither a label nor an option.
    """
    text = text[:LONGEST_STATEMENT]
    named = _named(text, 0, labels, texts)
    if named is None:
        offer = OFFER.match(text)
        named = offer and _named(text, offer.end(), labels, texts)
    if named is None:
        return None
    label, end = named
    apart = re.match(r"\s*[,;]|\s+[–—-]\s", text[end:])
    offered = {label}
    while (joint := JOINT.match(text, end)) and (also := _named(text, joint.end(), labels, texts, ends=True)):
        if joint["range"] and _named(text, joint.end(), labels, [""] * len(labels), ends=True) is None:
            break  # "C - 12" is no range of labels
        offered.add(also[0])
        end = also[1]
    if len(offered) > 1:
        if apart and re.match(r"\s+(?:all )?(?:is|are)\b", text[end:]):  # "C, A and B are wrong"
            return label
        return None if re.match(rf"\s*\?|{WRONG}", text[end:]) else ""  # "A or B?"
    beside = re.compile(rf"((?:[ .]*[ .(\[]+(?:{pattern(tuple(labels))})[)\]]?)+)\.?\s*(?:\n|$)").match(
        text, end
    )
    return "" if beside and set(re.split(r"[ .()\[\]]+", beside[1])) - {"", label} else label


def _named(
    text: str, start: int, labels: list[str], texts: list[str], ends: bool = False
) -> tuple[str, int] | None:
    """The label that stands at a place of a text, or whose option does, and where it ends.

    Args:
        ends: whether a label must be all that stands there, up to a sign, "and" or the like.
    """
    rest = text[start:]
    option = _option(rest, labels, texts, whole=False)
    length = len(_words(texts[labels.index(option)])) if option else 0
    label = pattern(tuple(labels))
    found = re.match(
        rf"(?P<open>[{OPENING}]*)\s*(?P<label>{label})(?![{LETTER}])(?!['’.](?-i:[a-z]))(?P<close>(?:\s*[{CLOSING}])*)",
        rest,
        flags=re.IGNORECASE,
    )
    if found:
        listed = as_listed(found["label"], labels)
        behind = rest[found.end() :]
        own = texts[labels.index(listed)]
        separated = re.match(r"\s*[.,:;)–—-]*\s*", behind).end()
        for gap in (0, separated):
            if length_of_own := _begins(behind[gap:], own):
                return listed, start + found.end() + gap + length_of_own
        exact = found["label"] == listed
        if length < 2 and (_closes(behind) if ends else _is_label(found, exact, listed, behind)):
            return listed, start + found.end()
    end = _begins(rest, texts[labels.index(option)]) if option else 0
    return (option, start + end) if option and (not ends or _closes(rest[end:])) else None


def _closes(behind: str) -> bool:
    return re.match(rf"\s*(?:[^\w\s]|[\u3000-\u9fff]|(?:and|or|are|is)\b|\n|$)|{WRONG}", behind) is not None


def _is_label(found: re.Match, exact: bool, label: str, behind: str) -> bool:
    """Whether what a statement begins with is a label, seen by the signs around it and what follows."""
    if found["open"] and found["close"]:
        return True
    if re.match(r"\.\d", behind) or re.match(r"\s*[=^<>×·]", behind) or NUMERICS.match(behind):
        return False
    if re.match(r"\s*[+/][^)\]]", behind) and not JOINED_LABEL.match(behind):
        return False
    if not exact:
        if found["close"] or re.match(r"\s*:|[\s.]*(?:\n|$)", behind):
            return True
        return (
            label not in "AI" and re.match(rf"\s*[,;.](?:\s|$)|\s+(?:{AFTER_A_LABEL})\b", behind) is not None
        )
    if not re.match(rf"[^\S\n]+[{LETTER}]", behind):
        return not (label.isdigit() and re.match(r"\s*[-+/^%]", behind))
    if label not in "AI" and not label.isdigit():
        return True
    words = AFTER_A_DIGIT if label.isdigit() else AFTER_A_LABEL
    return re.match(rf"\s+(?:{words})\b", behind) is not None


def label_or_text(text: str, labels: list[str], texts: list[str]) -> str:
    """The label of a text that is nothing but a label (with or without its option) or an option."""
    text = text.strip()
    label = pattern(tuple(labels))
    alone = re.fullmatch(rf"[{OPENING}]*\s*({label})\s*[{CLOSING}]*\s*[.,:!]?", text, flags=re.IGNORECASE)
    if alone:
        return as_listed(alone[1], labels)
    if label_beside_text(text, labels, texts):
        return label_beside_text(text, labels, texts)
    if reasoned := re.match(rf"({label})\s*,?\s+(?:because|since)\b", text):
        return reasoned[1]
    return item_label(text, labels) or _option(CORRECT.sub("", text), labels, texts, whole=True)


def label_beside_text(text: str, labels: list[str], texts: list[str]) -> str:
    """The label of a text that is a label with its option: "C a dog", "C - a dog", "Option C: a dog"."""
    beside = re.match(
        rf"(?:(?:option|choice)\s+)?({pattern(tuple(labels))})(?:\s+[–—-]|[.,:)]?)\s+",
        text,
        flags=re.IGNORECASE,
    )
    listed = as_listed(beside[1], labels) if beside else ""
    same = beside and _words(text[beside.end() :]) == _words(texts[labels.index(listed)])
    return listed if same else ""


def item_label(text: str, labels: list[str]) -> str:
    """The label that a line begins with in the form of a list's item: "C. text", "(C) text", "C) text"."""
    label = pattern(tuple(labels))
    item = re.match(
        rf"(?:[(\[]\s*({label})\s*[)\]]|({label})\s*[.):\]。、])(?![{LETTER}.]|\s*[=+*/^<])", text
    )
    return next(filter(None, item.groups())) if item else ""


def recites(line: str, labels: list[str], texts: list[str]) -> bool:
    """Whether a line lists options with their labels, and so states none."""
    item = re.compile(rf"(?:^|\s)[(\[]?({pattern(tuple(labels))})[.):\]]\s*")
    listed = {
        match[1]
        for match in item.finditer(line)
        if _begins(line[match.end() :], texts[labels.index(match[1])])
    }
    return len(listed) > 1


def _option(text: str, labels: list[str], texts: list[str], whole: bool) -> str:
    """Label of the longest option that a text is (`whole`) or begins with, "" where two are alike."""
    equal = [
        (len(_words(option)), label)
        for label, option in zip(labels, texts, strict=True)
        if (_words(text) == _words(option) if whole else _begins(text, option)) and _words(option)
    ]
    longest = [label for length, label in equal if length == max(equal)[0]]
    return longest[0] if len(longest) == 1 else ""


def _begins(text: str, option: str) -> int:
    """Number of characters of a plain text that an option at its beginning takes; 0: it begins otherwise."""
    found = WORD.finditer(text[: 4 * len(option) + 50])
    word, end = next(found, None), 0
    if word and word.group().lower() in ARTICLES:
        word = next(found, word)
    for wanted in _words(option):
        if word is None or word.group().lower() != wanted:
            return 0
        word, end = next(found, None), word.end()
    return end


@lru_cache(maxsize=1000)
def _words(text: str) -> list[str]:
    """The words of a text, without an article at its beginning."""
    words = WORD.findall(plain(text).lower())
    return words[1:] if len(words) > 1 and words[0] in ARTICLES else words


def as_listed(label: str, labels: list[str]) -> str:
    """A label as the row writes it, whatever its case."""
    return next(known for known in labels if known.lower() == label.lower())
