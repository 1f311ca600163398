"""Strict JSON of text that nobody checked.

A key that stands twice, NaN and Infinity, a comma too many, or more than `DEEPEST` levels are no JSON.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

DEEPEST = 100  # levels of objects and lists
BROKEN = (ValueError, RecursionError, InvalidOperation)  # what reading raises


def decoder(parse_int: Callable = int, parse_float: Callable = float) -> json.JSONDecoder:
    """A decoder that refuses all that is no strict JSON, but for its depth.

    Args:
        parse_int, parse_float: make a number of its text.
    """
    return json.JSONDecoder(
        object_pairs_hook=no_duplicates,
        parse_int=parse_int,
        parse_float=parse_float,
        parse_constant=_no_constant,
    )


def exact_decoder() -> json.JSONDecoder:
    """A strict decoder that reads numbers as decimals, for `equal`: 1, 1.0 and 1e0 are the same."""
    return decoder(Decimal, Decimal)


def equal(stated: object, gold: object) -> bool:
    """Whether two values are equal that `exact_decoder` read.

    Equal are objects with the same keys in any order, lists with equal items in the same order, numbers of
    the same value, and texts sign by sign; true is no 1. The gold value is at most `DEEPEST` levels deep.
    """
    if type(stated) is not type(gold):
        return False
    if isinstance(stated, dict):
        return stated.keys() == gold.keys() and all(equal(stated[key], gold[key]) for key in stated)
    if isinstance(stated, list):
        return len(stated) == len(gold) and all(map(equal, stated, gold))
    return stated == gold


def check_depth(value: object) -> None:
    """Check that a value has at most `DEEPEST` levels.

    Raises:
        ValueError: it has more.
    """
    level = [value]
    for _ in range(DEEPEST):
        level = [item for each in level for item in _items(each)]
        if not level:
            return
    raise ValueError(f"more than {DEEPEST} levels")


def no_duplicates(pairs: list[tuple[str, object]]) -> dict:
    """The object of these keys and values, for a decoder's `object_pairs_hook`.

    Raises:
        ValueError: a key stands twice, of which Python would take the last.
    """
    if len(found := dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"key {twice[:40]!r} stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _items(value: object) -> list:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
