"""The frontier control: is TMS's front of target accuracy against forgetting above that of tuned SFT?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tms.config.method_kinds import SIDES
from tms.experiments.points import Point, Points
from tms.io.errors import InputError
from tms.metrics.paired_tests import bootstrap_p
from tms.metrics.statistics import percentiles, seed_interval

BASE = 0  # index of theta_0 among the points: an anchor of both sides


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval over test examples, and over seeds where there are several."""

    value: float
    interval: tuple[float, float]
    seeds_interval: tuple[float, float] | None
    p_value: float | None = None


@dataclass(frozen=True)
class Control:
    """What the comparison of two fronts found."""

    selected: dict[str, list[int]]  # indices of each side's points on its front by validation
    beyond: dict[str, list[int]]  # of these, those that the reference point's rectangle leaves out
    areas: dict[str, dict[str, Estimate]]  # of each side: selected and measured on `validation`, or on `test`
    difference: Estimate  # tms - sft, selected on validation, measured on test


def nondominated(plane_2P: np.ndarray) -> np.ndarray:
    """Which points no other point dominates: is as good in both coordinates, and better in one.

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


def sides_of(points: list[Point], kinds: Mapping[str, str]) -> dict[str, list[int]]:
    """Indices of each side's points in `coordinates`, theta_0 among them on both.

    Args:
        points: in the order that `coordinates` was given.
        kinds: side of each method.

    Raises:
        InputError: the sides do not have as many points: more points make a larger area by chance alone.
    """
    found = {side: [i + 1 for i, (method, _) in enumerate(points) if kinds[method] == side] for side in SIDES}
    counts = {side: len(members) for side, members in found.items()}
    if len(set(counts.values())) > 1 or not all(counts.values()):
        raise InputError(
            f"experiments.frontier: {counts['sft']} points of SFT and {counts['tms']} of TMS; give both "
            f"sides as many, with methods there or with their methods' training.checkpoints"
        )
    return {side: [BASE, *members] for side, members in found.items()}


def control(
    validation: Points,
    test: Points,
    sides: Mapping[str, list[int]],
    reference: tuple[float, float],
) -> Control:
    """Compare the fronts of both sides: selected on the validation half, measured on the test half.

    Every resample draws both halves anew and selects anew, so the interval holds the noise of the selection;
    it is wide rather than narrow: between points that differ by noise alone, selection matters in the
    resamples and not in truth. The trained runs are not resampled; the interval over seeds repeats the whole
    comparison for each seed.

    Args:
        validation: coordinates on the validation half.
        test: coordinates on the test half, of the same points.
        sides: indices of each side's points.
        reference: target accuracy and forgetting from which areas are measured.
    """
    selected, beyond, areas = {}, {}, {}
    drawn, by_seed = {}, {}
    for side, members in sides.items():
        chosen = nondominated(validation.plane(members))
        of_seeds = nondominated(validation.plane_of_seeds(members))
        drawn[side], by_seed[side] = {}, {}
        for name, half in (("validation", validation), ("test", test)):
            drawn[side][name] = dominated_area(half.plane(members), reference, chosen)
            by_seed[side][name] = dominated_area(half.plane_of_seeds(members), reference, of_seeds)
        areas[side] = {name: estimate(drawn[side][name], by_seed[side][name]) for name in drawn[side]}
        selected[side] = [index for index, kept in zip(members, chosen[:, 0], strict=True) if kept]
        measured = test.plane(selected[side])[:, :, 0].T
        beyond[side] = [
            index for index, point in zip(selected[side], measured, strict=True) if (point <= reference).any()
        ]
    difference = estimate(
        drawn["tms"]["test"] - drawn["sft"]["test"],
        by_seed["tms"]["test"] - by_seed["sft"]["test"],
        test=True,
    )
    return Control(selected, beyond, areas, difference)


def estimate(draws_D: np.ndarray, values_S: np.ndarray, test: bool = False) -> Estimate:
    """A number from its draws (the first is what was measured) and its values seed by seed.

    Args:
        draws_D: as measured, then on each resample.
        values_S: measured with the runs of one seed alone.
        test: also test whether it is 0.
    """
    p_value = bootstrap_p(draws_D[1:]) if test else None
    return Estimate(float(draws_D[0]), percentiles(draws_D[1:]), seed_interval(list(values_S)), p_value)
