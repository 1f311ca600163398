"""Gold answers of multiple-choice rows: the index of the right option."""

from string import ascii_uppercase

from tms.data.records.values import Unusable, json_list, number, shown, text


def options(value: object) -> list[str]:
    """The texts of the options.

    Raises:
        Unusable: they are no list of two to 26 different texts.
    """
    texts = [text(item, f"option {count}") for count, item in enumerate(json_list(value, "choices"), start=1)]
    if not 2 <= len(texts) <= len(ascii_uppercase):
        raise Unusable(f"{len(texts)} choices; write 2 to {len(ascii_uppercase)}")
    if len(set(texts)) < len(texts):
        raise Unusable(f"two choices are equal ({shown(max(texts, key=texts.count))}); write different ones")
    return texts


def gold_index(value: object, choices: list, texts: list[str]) -> int:
    """The index of the option that a gold names by its text, its letter (from A) or its index (from 0).

    It has to name one option alone. A number of JSON or Parquet is a text too where the options are numbers.

    Args:
        value: the gold.
        choices: the options as the file has them.
        texts: the options as text.

    Raises:
        Unusable: it names none, or may name two.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = number(value, "gold")
        named = {int(written)} if written.isdecimal() and int(written) < len(texts) else set()
        if not any(isinstance(option, str) for option in choices) and written in texts:
            named.add(texts.index(written))
    else:
        written = text(value, "gold")
        word = written.strip()
        named = {place for place, option in enumerate(texts) if option == written or option.strip() == word}
        if len(word) == 1 and word.upper() in ascii_uppercase[: len(texts)]:
            named.add(ascii_uppercase.index(word.upper()))
        if word.isascii() and word.isdecimal() and len(word) <= 2 and int(word) < len(texts):
            named.add(int(word))
    if len(named) == 1:
        return named.pop()
    last = ascii_uppercase[len(texts) - 1]
    if named:
        first, second = sorted(named)[:2]
        raise Unusable(
            f"the gold {shown(written)} may be option {ascii_uppercase[first]} or {ascii_uppercase[second]}; "
            f"write the option's text, or its letter"
        )
    raise Unusable(
        f"the gold {shown(written)} is none of the {len(texts)} choices; write a letter from A to {last}, an "
        f"index from 0 to {len(texts) - 1}, or an option's text"
    )
