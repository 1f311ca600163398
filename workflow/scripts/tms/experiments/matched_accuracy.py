"""Forgetting of several methods at one target accuracy, on the way of each from theta_0 to its end (RQ9)."""

from collections.abc import Sequence

import numpy as np


def matched_accuracy(target_CPD: np.ndarray) -> np.ndarray:
    """The highest target accuracy that every curve reaches: the smallest of the curves' best.

    Taken anew for each draw, so that every curve reaches it on every resample; it is never below theta_0,
    where all curves start.

    Args:
        target_CPD: target accuracy of C curves at P points of the run, theta_0 first, for D draws.

    Returns:
        Accuracies of shape (D,).
    """
    return target_CPD.max(axis=1).min(axis=0)


def at_accuracy(target_PD: np.ndarray, values_PD: np.ndarray, accuracy_D: np.ndarray) -> np.ndarray:
    """A curve's value where it first reaches an accuracy, linear between two points of the run.

    Args:
        target_PD: target accuracy along the curve, of which some point reaches the asked one in every draw.
        values_PD: the value along the curve.
        accuracy_D: the accuracy asked for.

    Returns:
        Values of shape (D,).
    """
    first_D = (target_PD >= accuracy_D).argmax(axis=0)
    draws = np.arange(len(first_D))
    before_D = np.maximum(first_D - 1, 0)
    low, high = target_PD[before_D, draws], target_PD[first_D, draws]
    rise = np.where(first_D > 0, high - low, 1.0)
    share = np.where(first_D > 0, (accuracy_D - low) / rise, 0.0)
    start, end = values_PD[before_D, draws], values_PD[first_D, draws]
    return start + share * (end - start)


def common_checkpoints(checkpoints: Sequence[Sequence[str]]) -> list[str]:
    """Checkpoints that all methods have, in the order of the first: curves alike, however many each has."""
    return [point for point in checkpoints[0] if all(point in own for own in checkpoints)]
