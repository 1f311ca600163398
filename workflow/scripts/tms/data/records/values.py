"""Values of a row as text: what a file may hold where a text is wanted."""

import json
import math
from contextlib import suppress

from tms.io.strict_json import no_duplicates

LONGEST = 4 << 20  # characters of a text, bytes of a line: a million tokens
SHOWN = 40  # characters of a value in a message


class Unusable(Exception):
    """A value that cannot be used; the message says what it is and the remedy."""


class Decimal(float):
    """A number with a point or an exponent, and how the file writes it."""

    def __new__(cls, written: str) -> "Decimal":
        number = super().__new__(cls, written)
        number.written = written
        return number


# Of a JSON text; numbers with a point keep how they are written.
DECODER = json.JSONDecoder(parse_float=Decimal, object_pairs_hook=no_duplicates)


def text(value: object, name: str) -> str:
    """A value as text that is not empty: text as it is, a number as the file writes it.

    Args:
        value: of a row; None where it has none.
        name: what it is called, for messages.

    Raises:
        Unusable: it is empty, of another type, or holds signs that no text has.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        kinds = {dict: "an object", list: "a list", bool: "true or false", bytes: "bytes"}
        kind = kinds.get(type(value), f"a {type(value).__name__}")
        raise Unusable(f"the {name} is {kind}; write it as text, in quotation marks")
    written = "" if value is None else value if isinstance(value, str) else number(value, name)
    if not written.strip():
        raise Unusable(f"the {name} is empty; write one, or remove the row")
    if len(written) > LONGEST:
        raise Unusable(f"the {name} has {len(written)} characters, over {LONGEST}; shorten it")
    check_signs(written, name)
    return written


def number(value: int | float, name: str) -> str:
    """A number as text: as a JSON file writes it; without a point where it is whole."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Unusable(f"the {name} is {value}, which is no number; write one, or remove the row")
    if isinstance(value, Decimal):
        return value.written
    return str(int(value)) if value == int(value) else repr(value)


def check_signs(written: str, name: str) -> None:
    """Refuse NUL, and halves of surrogate pairs, which no file of ours can hold."""
    if "\0" in written:
        raise Unusable(f"the {name} holds a NUL (\\u0000); remove it")
    if not written.isascii() and any("\ud800" <= sign <= "\udfff" for sign in written):
        raise Unusable(f"the {name} holds half of a surrogate pair (\\ud800); write the whole sign")


def gold(value: object) -> str:
    """The gold answer, which graders compare with: text, a number, or an object or list as JSON."""
    if isinstance(value, dict | list):
        try:
            written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:  # bytes or dates of a Parquet file; NaN
            raise Unusable(
                f"the gold cannot be written as JSON ({error}); write its values as text"
            ) from error
        check_signs(written, "gold")
        return written
    return text(value, "gold")


def json_list(value: object, name: str) -> list:
    """A list, or a text that holds one as JSON, as a cell of a CSV file does.

    Raises:
        Unusable: it is no list.
    """
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):  # the text itself is no list
            value = DECODER.decode(value)
    if not isinstance(value, list):
        raise Unusable(f"{name} is {shown(value)}, no list; write one, in CSV as JSON")
    return value


def shown(value: object) -> str:
    """A value in a message, shortened."""
    written = ascii(value)
    return written if len(written) <= SHOWN else f"{written[:SHOWN]}..."
