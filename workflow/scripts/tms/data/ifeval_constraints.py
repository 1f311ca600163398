r"""The constraints of `allenai/RLVR-IFeval` as instructions that the official IFEval checker knows.

A row of that set names one check of open-instruct's `if_functions.py` in its `ground_truth`, as JSON text
with all arguments, null where unused:

    {"func_name": "validate_word_constraint", "N": 17, "quantifier": "at least", "end_phrase": null, ...}

`instructions` gives IFEval's ids and arguments for it. IFEval knows only "at least" and "less than", so "at
most", "around" and "exactly" become one or two instructions that hold together. IFEval's checker takes
keywords as regular expressions; where it does, text is escaped, and three checks that IFEval lacks are
written as such expressions:

- a word's frequency counts whole words, where IFEval counts any occurrence of the letters;
- a choice among given options is `keywords:existence` of any of them (IFEval's own options are fixed);
- N paragraphs divided by `* * *` are N - 1 dividers (IFEval's divider is `***`); that a paragraph may be
  empty is the one thing lost.

Elsewhere the wording of the prompts is the same and the checkers differ in detail: IFEval's ignores case for
letters, postscripts, closing phrases and repeated prompts, matches forbidden words as whole words, wants
English for "all capital" and "all lowercase", strips Markdown ticks around JSON, and counts sentences with
NLTK. What has no equal is refused with its reason: functions not named here, arguments that are missing or of
another type, a letter outside a to z, an i-th paragraph beyond the last.

See https://github.com/allenai/open-instruct/blob/main/open_instruct/if_functions.py.
"""

import json
import re
from collections.abc import Callable

Instruction = tuple[str, dict]

# Instructions whose check needs NLTK's model of sentences and words.
NEEDS_PUNKT = ("length_constraints:number_sentences", "change_case:capital_word_frequency")

# Checks without arguments.
PLAIN = {
    "validate_title": "detectable_format:title",
    "validate_json_format": "detectable_format:json_format",
    "validate_two_responses": "combination:two_responses",
    "validate_uppercase": "change_case:english_capital",
    "validate_lowercase": "change_case:english_lowercase",
    "validate_quotation": "startend:quotation",
    "validate_no_commas": "punctuation:no_comma",
}
# Checks of one count: function -> IFEval's id and the name of its argument.
COUNTS = {
    "validate_placeholders": ("detectable_content:number_placeholders", "num_placeholders"),
    "verify_bullet_points": ("detectable_format:number_bullet_lists", "num_bullets"),
    "validate_highlighted_sections": ("detectable_format:number_highlighted_sections", "num_highlights"),
}
# Checks of one text: function -> their argument, IFEval's id and the name of its argument.
TEXTS = {
    "verify_postscript": ("postscript_marker", "detectable_content:postscript", "postscript_marker"),
    "validate_end": ("end_phrase", "startend:end_checker", "end_phrase"),
    "validate_repeat_prompt": ("original_prompt", "combination:repeat_prompt", "prompt_to_repeat"),
    "validate_response_language": ("language", "language:response_language", "language"),
}
# Checks of a count with a quantifier: function -> IFEval id, its count and relation, tolerance of "around".
QUANTIFIED = {
    "validate_word_constraint": (
        "length_constraints:number_words",
        "num_words",
        "relation",
        lambda count: max(round(count * 0.1), 1),
    ),
    "verify_sentence_constraint": (
        "length_constraints:number_sentences",
        "num_sentences",
        "relation",
        lambda count: 1,
    ),
    "validate_frequency_capital_words": (
        "change_case:capital_word_frequency",
        "capital_frequency",
        "capital_relation",
        lambda count: max(round(count * 0.1), 1),
    ),
}
LANGUAGE = re.compile(r"[a-z]{2}(-[a-z]{2})?")  # ISO 639-1, as the checker's detector names them


class NoEqual(Exception):
    """A constraint that cannot be said in IFEval's instructions; the message is the reason."""


def instructions(ground_truth: str) -> list[Instruction]:
    """Translate one row's `ground_truth`.

    Returns:
        IFEval instruction ids with their arguments; a response has to follow all of them.

    Raises:
        NoEqual: the constraint is unknown or its arguments are of no use.
    """
    try:
        constraint = json.loads(ground_truth)
    except (TypeError, ValueError) as error:
        raise NoEqual("ground_truth is not JSON") from error
    if not isinstance(constraint, dict) or not isinstance(constraint.get("func_name"), str):
        raise NoEqual("ground_truth names no function")
    name = constraint["func_name"]
    if name in PLAIN:
        return [(PLAIN[name], {})]
    if name in COUNTS:
        instruction, argument = COUNTS[name]
        return [(instruction, {argument: _count(constraint, name)})]
    if name in TEXTS:
        source, instruction, argument = TEXTS[name]
        text = _text(constraint, name, source)
        if source == "language" and not LANGUAGE.fullmatch(text):
            raise NoEqual(f"{name}: language is no ISO 639-1 code")
        if source == "postscript_marker" and text not in ("P.S.", "P.P.S"):
            text = re.escape(text)
        return [(instruction, {argument: text})]
    if name in QUANTIFIED:
        return _quantified(constraint, name)
    if name in OTHERS:
        return OTHERS[name](constraint, name)
    raise NoEqual(f"unknown function {name[:60]}")


def _quantified(constraint: dict, name: str) -> list[Instruction]:
    instruction, argument, relation, tolerance = QUANTIFIED[name]
    count, quantifier = _count(constraint, name), constraint.get("quantifier")
    if quantifier == "at least":
        bounds = (count, None)
    elif quantifier == "at most":
        bounds = (None, count)
    elif quantifier == "around":
        bounds = (max(count - tolerance(count), 0), count + tolerance(count))
    elif quantifier == "exactly":
        bounds = (count, count)
    else:
        raise NoEqual(f"{name}: quantifier is not at least, at most, around or exactly")
    return _within(instruction, argument, relation, *bounds)


def _within(
    instruction: str, argument: str, relation: str, least: int | None, most: int | None, **more
) -> list[Instruction]:
    """Instructions that together bound a count from below and above."""
    bounds = []
    if least is not None:
        bounds.append((instruction, {**more, argument: least, relation: "at least"}))
    if most is not None:
        bounds.append((instruction, {**more, argument: most + 1, relation: "less than"}))
    return bounds


def _keyword_frequency(constraint: dict, name: str) -> list[Instruction]:
    count, word = _count(constraint, name), _text(constraint, name, "word").strip()
    pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
    return _within("keywords:frequency", "frequency", "relation", count, count, keyword=pattern)


def _letter_frequency(constraint: dict, name: str) -> list[Instruction]:
    count, letter = _count(constraint, name), _text(constraint, name, "letter").strip()
    if not re.fullmatch(r"[A-Za-z]", letter):
        raise NoEqual(f"{name}: letter is not one of a to z, which IFEval's checker would replace at random")
    return _within(
        "keywords:letter_frequency", "let_frequency", "let_relation", count, count, letter=letter.lower()
    )


def _dividers(constraint: dict, name: str) -> list[Instruction]:
    dividers = _count(constraint, name) - 1
    if dividers < 0:
        raise NoEqual(f"{name}: N is 0")
    return _within("keywords:frequency", "frequency", "relation", dividers, dividers, keyword=r"\* \* \*")


def _nth_paragraph(constraint: dict, name: str) -> list[Instruction]:
    count, nth = _count(constraint, name), _count(constraint, name, "i")
    word = _text(constraint, name, "first_word")
    if not 1 <= nth <= count:
        raise NoEqual(f"{name}: i is not in 1..N, and IFEval's checker would replace it at random")
    arguments = {"num_paragraphs": count, "nth_paragraph": nth, "first_word": word.strip()}
    return [("length_constraints:nth_paragraph_first_word", arguments)]


def _sections(constraint: dict, name: str) -> list[Instruction]:
    splitter = re.escape(_text(constraint, name, "section_splitter").strip())
    arguments = {"num_sections": _count(constraint, name), "section_spliter": splitter}
    return [("detectable_format:multiple_sections", arguments)]


def _keywords(constraint: dict, name: str) -> list[Instruction]:
    words = [re.escape(word) for word in _list(constraint, name, "keyword_list")]
    return [("keywords:existence", {"keywords": words})]


def _forbidden(constraint: dict, name: str) -> list[Instruction]:
    words = [re.escape(word) for word in _list(constraint, name, "forbidden_words")]
    return [("keywords:forbidden_words", {"forbidden_words": words})]


def _choice(constraint: dict, name: str) -> list[Instruction]:
    options = "|".join(re.escape(option) for option in _list(constraint, name, "options"))
    return [("keywords:existence", {"keywords": [f"(?:{options})"]})]


OTHERS: dict[str, Callable[[dict, str], list[Instruction]]] = {
    "verify_keywords": _keywords,
    "verify_keyword_frequency": _keyword_frequency,
    "validate_forbidden_words": _forbidden,
    "verify_letter_frequency": _letter_frequency,
    "verify_paragraph_count": _dividers,
    "validate_paragraphs": _nth_paragraph,
    "validate_sections": _sections,
    "validate_choice": _choice,
}


def _count(constraint: dict, name: str, argument: str = "N") -> int:
    value = constraint.get(argument)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise NoEqual(f"{name}: {argument} is not a count")
    return value


def _text(constraint: dict, name: str, argument: str) -> str:
    value = constraint.get(argument)
    if not isinstance(value, str) or not value.strip():
        raise NoEqual(f"{name}: no {argument}")
    return value


def _list(constraint: dict, name: str, argument: str) -> list[str]:
    value = constraint.get(argument)
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(word, str) and word.strip() for word in value)
    ):
        raise NoEqual(f"{name}: {argument} is not a list of texts")
    return [word.strip() for word in value]
