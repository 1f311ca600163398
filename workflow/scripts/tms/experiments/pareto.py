"""Pareto fronts and dominated areas of points in a plane."""

import numpy as np


def nondominated(plane_2P: np.ndarray) -> np.ndarray:
    """The points that no other point dominates: is as good in both coordinates, and better in one.

    Args:
        plane_2P: coordinates to be maximised, of shape (2, points, ...); further axes are separate planes.

    Returns:
        Truth values of shape (points, ...). Equal points dominate neither other.
    """
    own, other = plane_2P[:, :, None], plane_2P[:, None]
    dominated = (other >= own).all(axis=0) & (other > own).any(axis=0)
    return ~dominated.any(axis=1)


def dominated_area(plane_2P: np.ndarray, reference: tuple[float, float], chosen_P: np.ndarray) -> np.ndarray:
    """Area between the chosen points and a reference point that they improve on (2-D hypervolume).

    The union of the rectangles from the reference to each chosen point; a point that is not better than the
    reference in both coordinates adds nothing.

    Args:
        plane_2P: coordinates to be maximised, of shape (2, points, ...).
        reference: the lower corner, in the same units.
        chosen_P: truth values of shape (points, ...): which points count.

    Returns:
        Areas of shape (...), in the product of the coordinates' units.
    """
    widths, heights = (np.maximum(plane_2P[i] - reference[i], 0) * chosen_P for i in (0, 1))
    order = np.argsort(-widths, axis=0)
    widths, heights = (np.take_along_axis(sides, order, axis=0) for sides in (widths, heights))
    # From right to left the union is as high as the highest rectangle so far.
    steps = widths - np.append(widths[1:], np.zeros_like(widths[:1]), axis=0)
    return (steps * np.maximum.accumulate(heights, axis=0)).sum(axis=0)
