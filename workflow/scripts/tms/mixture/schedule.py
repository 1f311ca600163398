"""Order of the training rows, number of optimiser steps, and the steps at which checkpoints are saved.

SFT and every method's student share this order, so that both see the same prompts at the same steps.
"""

import hashlib

from tms.io.errors import InputError
from tms.mixture.checkpoints import parse_point, step_of


def visits(example_ids: list[str], total: int, seed: int) -> list[tuple[int, int, str]]:
    """Order of all visits of a run (Algorithm 1: each epoch visits each prompt once; the last may be cut).

    Within an epoch, examples are sorted by the SHA-256 of (seed, epoch, example_id), so their order does
    not depend on the order in which they are listed, and dropping one moves no pair of others.

    Args:
        example_ids: unique ids of the training examples.
        total: number of visits.
        seed: the run's seed.

    Returns:
        (epoch, position, example_id) in order of position, which counts over all epochs from 0.
    """
    order: list[tuple[int, int, str]] = []
    while len(order) < total:
        epoch = len(order) // len(example_ids)
        for example_id in sorted(example_ids, key=lambda name: (_hash(seed, epoch, name), name)):
            order.append((epoch, len(order), example_id))
    return order[:total]


def total_visits(n: int, epochs: int, batch: int, max_steps: int | None = None) -> int:
    """Visits of prompts in a run: `epochs` of each of n, or as many as `max_steps` batches hold."""
    return epochs * n if max_steps is None else max_steps * batch


def total_steps(n: int, epochs: int, batch: int, max_steps: int | None = None) -> int:
    """Optimiser steps S of a run: its visits over the batch, rounded up; the last batch may be smaller."""
    return -(-total_visits(n, epochs, batch, max_steps) // batch)


def save_steps(
    points: list[str], n: int, epochs: int, batch: int, max_steps: int | None = None
) -> dict[str, int]:
    """The optimiser step after which each checkpoint is saved; neighbours of different T may share one.

    Args:
        points: names of points of the run, e.g. `["1of2", "1of1"]`.
        n, epochs, batch, max_steps: as in `total_visits`.

    Raises:
        InputError: the run has fewer steps than a point's denominator, so that the T checkpoints that it is
            one of would not be distinct; the message holds the arithmetic and the remedy.
    """
    steps = total_steps(n, epochs, batch, max_steps)
    finest = finest_point(points)
    count = parse_point(finest).denominator
    if steps < count:
        visited = f"{n} rows x {epochs} epochs / batch {batch} = " if max_steps is None else ""
        smaller = f"lower the effective batch to {max(epochs * n // (2 * count), 1)} or less, add rows"
        remedy = smaller if max_steps is None else "raise max_steps"
        raise InputError(
            f"{visited}{steps} optimiser steps, fewer than the {count} checkpoints of which {finest} is one; "
            f"{remedy}, or ask for fewer checkpoints"
        )
    return {point: step_of(point, steps) for point in points}


def finest_point(points: list[str]) -> str:
    """The point with the largest denominator: one of that many evenly spaced checkpoints."""
    return max(points, key=lambda point: parse_point(point).denominator)


def crowded(points: list[str], steps: int) -> str | None:
    """Warn where checkpoints lie closer than two steps on average (S < 2T); None where they do not."""
    count = parse_point(finest_point(points)).denominator
    if steps >= 2 * count:
        return None
    return (
        f"{steps} optimiser steps for {count} checkpoints: neighbours are one or two steps apart; "
        f"more steps (a smaller effective batch, or larger max_steps) spread them"
    )


def _hash(seed: int, epoch: int, example_id: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{epoch}\0{example_id}".encode()).digest()
