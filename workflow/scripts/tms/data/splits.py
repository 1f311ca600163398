"""Disjoint splits of generated problems: a problem's split is a hash of its content, never of a seed."""

import hashlib
from collections.abc import Callable, Iterator
from random import Random

from tms.io.errors import InputError

SPLITS = ["train", "heldout", "test"]
# A problem's key (see `split_of`), and a function that makes its row: most draws are of another split.
Drawn = tuple[str, Callable[[], dict]]
PATIENCE = 20_000  # draws in a row without a new problem, after which a pool counts as exhausted


def split_of(key: str) -> str:
    """Split of a problem: a tenth each for `test` and `heldout`, the rest for `train`.

    Args:
        key: text that identifies the problem whatever its wording, e.g. "countdown 2 3 5 -> 11".
    """
    bucket = hashlib.sha256(key.encode()).digest()[0] % 10
    return {0: "test", 1: "heldout"}.get(bucket, "train")


def digest_id(task: str, text: str) -> str:
    """The `example_id` of a drawn problem: its task, and a digest of the text that identifies it."""
    return f"{task}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def attempts(task: str) -> Iterator[int]:
    """Numbers of the draws of one problem.

    Raises:
        InputError: `PATIENCE` draws gave none.
    """
    yield from range(PATIENCE)
    raise InputError(f"{task}: {PATIENCE} draws in a row gave no problem; widen the task's options")


def collect(task: str, split: str, size: int, seed: int, draw: Callable[[Random], Drawn]) -> list[dict]:
    """Draw distinct problems of one split; the first rows of a longer list are the rows of a shorter one.

    Args:
        task: name for messages, and a part of the random stream.
        split: one of `SPLITS`.
        size: number of rows.
        seed: seed of the random stream.
        draw: draws a problem with a random generator.

    Raises:
        InputError: the split's pool of problems does not hold that many.
    """
    rows: dict[str, dict] = {}
    index = newest = 0
    while len(rows) < size and index - newest < PATIENCE:
        key, row = draw(Random(f"{task}/{split}/{seed}/{index}"))
        if key not in rows and split_of(key) == split:
            rows[key], newest = row(), index
        index += 1
    if len(rows) < size:
        raise InputError(
            f"task {task}, split {split}: {size} rows asked for, but its pool holds about {len(rows)}; "
            f"ask for fewer rows or widen the task's options"
        )
    return list(rows.values())
