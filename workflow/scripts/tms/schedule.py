"""Order of the training rows, number of optimiser steps, and the steps at which checkpoints are saved.

SFT and every method's student share this order, so that both see the same prompts at the same steps.
"""

import hashlib

from tms.checkpoints import step_of
from tms.errors import InputError


def visits(example_ids: list[str], epochs: int, seed: int) -> list[tuple[int, int, str]]:
    """Order of all visits of a run (Algorithm 1: each epoch visits each prompt once).

    Within an epoch, examples are sorted by the SHA-256 of (seed, epoch, example_id), so their order does
    not depend on the order in which they are listed, and dropping one moves no pair of others.

    Args:
        example_ids: unique ids of the training examples.
        epochs: number of passes.
        seed: the run's seed.

    Returns:
        (epoch, position, example_id) in order of position, which counts over all epochs from 0.
    """
    order = []
    for epoch in range(epochs):
        for example_id in sorted(example_ids, key=lambda name: (_hash(seed, epoch, name), name)):
            order.append((epoch, len(order), example_id))
    return order


def total_steps(n: int, epochs: int, batch: int) -> int:
    """Optimiser steps S of a run over n examples: ceil(epochs * n / batch); the last batch may be smaller."""
    return -(-epochs * n // batch)


def save_steps(points: list[str], n: int, epochs: int, batch: int) -> dict[int, str]:
    """Map each optimiser step after which a checkpoint is saved to that checkpoint's point.

    Args:
        points: names of points of the run, e.g. `["1of2", "1of1"]`.
        n, epochs, batch: examples, passes, and effective batch of the run.

    Raises:
        InputError: there are fewer steps than checkpoints, or two points fall on one step, or one before
            the first step; the message holds the arithmetic and the remedy.
    """
    steps = total_steps(n, epochs, batch)
    arithmetic = f"{n} rows x {epochs} epochs / batch {batch} = {steps} optimiser steps"
    remedy = (
        f"lower the effective batch to {max(epochs * n // (2 * len(points)), 1)} or less, "
        f"add rows, or ask for fewer checkpoints"
    )
    if steps < len(points):
        raise InputError(f"{arithmetic}, fewer than the {len(points)} checkpoints asked for; {remedy}")
    found: dict[int, str] = {}
    for point in points:
        step = step_of(point, steps)
        if step == 0:
            raise InputError(f"{arithmetic}; checkpoint {point} falls before the first step; {remedy}")
        if step in found:
            raise InputError(
                f"{arithmetic}; checkpoints {found[step]} and {point} fall on step {step}; {remedy}"
            )
        found[step] = point
    return found


def crowded(points: list[str], steps: int) -> str | None:
    """Warn where checkpoints lie closer than two steps on average (S < 2T); None where they do not."""
    if steps >= 2 * len(points):
        return None
    return (
        f"{steps} optimiser steps for {len(points)} checkpoints: neighbours are one or two steps apart; "
        f"a smaller effective batch spreads them"
    )


def _hash(seed: int, epoch: int, example_id: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{epoch}\0{example_id}".encode()).digest()
