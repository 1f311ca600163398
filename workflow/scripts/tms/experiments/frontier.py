"""The frontier: each side's front of target accuracy against forgetting beside those of the others.

SFT's beside TMS's is the control that the paper lacks (RQ2); further sides are what else a practitioner
would try.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tms.experiments.pareto import dominated_area, nondominated
from tms.experiments.windows import estimate
from tms.io.errors import InputError
from tms.metrics.summary import Estimate, Summary

THETA_0 = 0  # index of theta_0 among the points: an anchor of all sides
SFT, TMS = "sft", "tms"  # the sides from which, and to which, the others' areas are compared
PLANE = ("target_mean", "forgetting")
Point = tuple[str, str]  # method and checkpoint; "" is the end of its runs


@dataclass(frozen=True)
class Control:
    """Result of the comparison of the sides' fronts.

    Args:
        selected: indices of each side's points on its front by validation.
        beyond: of these, those that the reference point's rectangle leaves out.
        areas: of each side, selected on validation and measured on each half.
        differences: of the areas of two sides, (first, second) -> first - second, selected on validation and
            measured on test: TMS's minus each other, and each other minus SFT's.
    """

    selected: dict[str, list[int]]
    beyond: dict[str, list[int]]
    areas: dict[str, dict[str, Estimate]]
    differences: dict[tuple[str, str], Estimate]


def members_of(points: Sequence[Point], sides: Mapping[str, str]) -> dict[str, list[int]]:
    """Indices of each side's points among the summaries, theta_0 among them on all.

    Args:
        points: methods and checkpoints, in the order of the summaries after theta_0.
        sides: side of each method.

    Raises:
        InputError: the sides do not have as many points: more points make a larger area by chance alone.
    """
    members: dict[str, list[int]] = {side: [] for side in sides.values()}
    for index, (method, _) in enumerate(points, start=1):
        members[sides[method]].append(index)
    if len({len(own) for own in members.values()}) > 1:
        counts = ", ".join(f"{side} {len(own)}" for side, own in members.items())
        raise InputError(
            f"experiments.frontier: points of its sides: {counts}; give all sides as many, with methods or "
            f"with their methods' training.checkpoints"
        )
    return {side: [THETA_0, *own] for side, own in members.items()}


def plane(points: Sequence[Summary], seeds: int = 0) -> np.ndarray:
    """Target accuracy and forgetting of points.

    Returns:
        Draws over all runs, of shape (2, points, D); with `seeds`, values seed by seed: (2, points, seeds).
    """
    if seeds:
        values = [[np.broadcast_to(point.draws_SD[name][:, 0], seeds) for point in points] for name in PLANE]
    else:
        values = [[point.draws_SD[name].mean(axis=0) for point in points] for name in PLANE]
    return np.array(values)


def control(
    validation: Sequence[Summary],
    test: Sequence[Summary],
    sides: Mapping[str, list[int]],
    reference: tuple[float, float],
) -> Control:
    """Compare the fronts of all sides: selected on the validation half, measured on the test half.

    Every resample draws both halves anew and selects anew, so the interval holds the noise of the selection;
    it is wide rather than narrow: between points that differ by noise alone, selection matters in the
    resamples and not in truth. The trained runs are not resampled; the interval over seeds repeats the whole
    comparison for each seed.

    Args:
        validation: summaries of theta_0 and the points on the validation half.
        test: those on the test half, of the same points.
        sides: indices of each side's points.
        reference: target accuracy and forgetting from which areas are measured.
    """
    selected, beyond, areas = {}, {}, {}
    drawn, by_seed = {}, {}
    seeds = test[-1].seeds
    for side, members in sides.items():
        halves = {"validation": [validation[i] for i in members], "test": [test[i] for i in members]}
        chosen = nondominated(plane(halves["validation"]))
        of_seeds = nondominated(plane(halves["validation"], seeds))
        drawn[side], by_seed[side] = {}, {}
        for name, half in halves.items():
            drawn[side][name] = dominated_area(plane(half), reference, chosen)
            by_seed[side][name] = dominated_area(plane(half, seeds), reference, of_seeds)
        areas[side] = {name: estimate(drawn[side][name], by_seed[side][name]) for name in drawn[side]}
        selected[side] = [index for index, kept in zip(members, chosen[:, 0], strict=True) if kept]
        measured = plane([test[i] for i in selected[side]])[:, :, 0].T
        beyond[side] = [
            index for index, point in zip(selected[side], measured, strict=True) if (point <= reference).any()
        ]
    pairs = [(TMS, side) for side in sides if side != TMS] if TMS in sides else []
    pairs += [(side, SFT) for side in sides if side not in (SFT, TMS)] if SFT in sides else []
    differences = {
        (one, other): estimate(
            drawn[one]["test"] - drawn[other]["test"],
            by_seed[one]["test"] - by_seed[other]["test"],
            test=True,
        )
        for one, other in pairs
    }
    return Control(selected, beyond, areas, differences)
