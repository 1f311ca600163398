"""Token ids of a completion in which tools answered: those that the model did not write stand as -1 - id.

So one list tells which tokens are the model's own and in the loss, and a reader that forgets to ask fails on
a negative id instead of learning what a tool wrote. A completion without tools has none of them.
"""

from itertools import groupby, takewhile


def observed(ids: list[int]) -> list[int]:
    """Token ids that the model did not write, as a completion holds them."""
    return [-1 - token for token in ids]


def model_ids(ids: list[int]) -> list[int]:
    """Token ids of a completion as a model reads them."""
    return [token if token >= 0 else -1 - token for token in ids]


def own_tokens(ids: list[int]) -> int:
    """Number of a completion's tokens that the model wrote."""
    return sum(token >= 0 for token in ids)


def longest_turn(ids: list[int]) -> int:
    """Most tokens that the model wrote in one turn of a completion."""
    return max(
        (sum(1 for _ in turn) for own, turn in groupby(ids, lambda token: token >= 0) if own), default=0
    )


def last_turn(ids: list[int]) -> list[int]:
    """The model's own tokens at the end of a completion."""
    return [*takewhile(lambda token: token >= 0, reversed(ids))][::-1]
