"""Images among the token ids of a prompt: each is a run of negative numbers, as long as its placeholders.

A run of N placeholders is [-1 - number, -1, ..., -1], where the number is a hash of the image's file and of
how the model's processor makes pixels of it: its settings, and the version of Pillow, which decodes and
resizes. So whatever hashes, compares or pads ids keeps the images, and a reader that forgets them fails on a
negative id. In completions negative ids have another meaning (`tms.io.token_ids`); they hold no images.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

REST = -1  # ids of a run behind its first one
BITS = 62  # of a number: -1 - number fits into an int64


class Run(NamedTuple):
    """An image's place among ids, and its number."""

    start: int
    stop: int
    number: int


def image_number(digest: str, settings: dict) -> int:
    """Number of an image, from 1 on and below 2^62.

    Args:
        digest: of the image's file.
        settings: all that decides the pixels, JSON values.
    """
    text = json.dumps([digest, settings], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % (2**BITS - 1) + 1


def image_run(number: int, tokens: int) -> list[int]:
    """The ids of an image of so many placeholders."""
    return [REST - number, *[REST] * (tokens - 1)]


def image_runs(ids: Sequence[int]) -> list[Run]:
    """The images among ids, in order.

    Raises:
        ValueError: a run without its beginning: ids were cut within an image.
    """
    runs: list[Run] = []
    for place, token in enumerate(ids):
        if token < REST:
            runs.append(Run(place, place + 1, REST - token))
        elif token == REST:
            if not runs or runs[-1].stop != place:
                raise ValueError(f"id {place} is of an image that begins before the ids")
            runs[-1] = runs[-1]._replace(stop=place + 1)
    return runs


def with_placeholders(ids: Sequence[int], placeholder: int) -> list[int]:
    """Ids with one placeholder for each image, as a program wants them that puts in the others itself."""
    return [placeholder if token < REST else token for token in ids if token != REST]
