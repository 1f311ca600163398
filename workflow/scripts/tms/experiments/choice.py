"""The setting to use where so much forgetting is tolerated: selected on one half, measured on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tms.experiments.cells import cell
from tms.experiments.frontier import PLANE, THETA_0, Point, plane
from tms.experiments.windows import EXPERIMENT
from tms.metrics.paired_tests import bootstrap_p
from tms.metrics.statistics import EQUAL, bootstrap_interval, seed_interval
from tms.metrics.summary import BASE, Estimate, Summary

TOLERANCES = (0.005, 0.01, 0.02, 0.05)  # of forgetting, as a share
TARGET, FORGETTING = range(2)  # of a plane's coordinates
LIMITS = ((0.0, 1.0), (-1.0, 0.0))  # of an example's part in each coordinate


@dataclass(frozen=True)
class Choice:
    """The choice among all points for one tolerance.

    Args:
        tolerance: of forgetting, as a share.
        side: of the chosen point; `base` where theta_0 itself is chosen.
        best: the index of each side's best point, and theta_0's.
        measured: target and forgetting on test, selected anew in each resample and for each seed.
        of_sides: the same of each side's best point.
        differences: the target of the chosen side's best point minus that of each other side's best.
        shares: of the resamples in which a point of each side is chosen.
        seeds: number of seeds whose runs alone choose a point of each side.
    """

    tolerance: float
    side: str
    best: dict[str, int]
    measured: tuple[Estimate, Estimate]
    of_sides: dict[str, tuple[Estimate, Estimate]]
    differences: dict[str, Estimate]
    shares: dict[str, float]
    seeds: dict[str, int]


def choose(plane_2PX: np.ndarray, tolerance: float) -> np.ndarray:
    """Index of the point with the highest target among those that forget no more than is tolerated.

    Of equal targets the one that forgets least, then the first.

    Args:
        plane_2PX: target and forgetting (0 or less) of P points, theta_0 first: its forgetting is 0, so there
            is a point for any tolerance; further axes are separate planes.
        tolerance: as a share.

    Returns:
        Indices of shape (...).
    """
    target_PX, forgetting_PX = plane_2PX
    allowed_PX = forgetting_PX >= -tolerance - EQUAL
    highest_X = np.where(allowed_PX, target_PX, -np.inf).max(axis=0)
    equal_PX = allowed_PX & (target_PX >= highest_X - EQUAL)
    return np.where(equal_PX, forgetting_PX, -np.inf).argmax(axis=0)


def choices(
    validation: Sequence[Summary],
    test: Sequence[Summary],
    members: Mapping[str, Sequence[int]],
    tolerances: Sequence[float] = TOLERANCES,
) -> list[Choice]:
    """The choice for each tolerance, and what it could have been.

    Points are selected on the validation half, as in a use of these numbers, and measured on the test half.
    Every resample draws both halves anew and selects anew, and so does every seed from its runs alone: the
    intervals, shares and differences hold the noise of the selection. A side's best point may be theta_0.

    Args:
        validation, test: summaries of theta_0 and the points on each half.
        members: indices of each side's points, theta_0's among them.
        tolerances: as shares.
    """
    seeds = test[-1].seeds
    halves = {"drawn": (plane(validation), plane(test))}
    halves["by_seed"] = (plane(validation, seeds), plane(test, seeds))
    whole = {"": range(len(test)), BASE: [THETA_0], **members}
    side_of = np.array([BASE] * len(test), dtype=object)
    for side, own in members.items():
        side_of[[index for index in own if index != THETA_0]] = side
    found = []
    for tolerance in tolerances:
        # Of all points ("") and of each side: the index chosen, and both coordinates measured there.
        picked = {
            name: {
                key: _best(selecting, measuring, list(own), tolerance)
                for key, (selecting, measuring) in halves.items()
            }
            for name, own in whole.items()
        }
        sizes = [min(summary.examples(name) for summary in test) for name in PLANE]
        measured = {
            name: tuple(
                _estimate(ways["drawn"][1][axis], ways["by_seed"][1][axis], sizes[axis], LIMITS[axis])
                for axis in (TARGET, FORGETTING)
            )
            for name, ways in picked.items()
        }
        chosen = {key: side_of[index] for key, (index, _) in picked[""].items()}
        side = str(chosen["drawn"][0])
        differences = {
            other: _estimate(
                *(picked[side][key][1][TARGET] - picked[other][key][1][TARGET] for key in halves),
                sizes[TARGET],
                (-1.0, 1.0),
                test=True,
            )
            for other in (BASE, *members)
            if other != side
        }
        found.append(
            Choice(
                tolerance,
                side,
                {name: int(ways["drawn"][0][0]) for name, ways in picked.items() if name},
                measured.pop(""),
                measured,
                differences,
                {name: float((chosen["drawn"][1:] == name).mean()) for name in (BASE, *members)},
                {name: int((chosen["by_seed"] == name).sum()) for name in (BASE, *members)},
            )
        )
    return found


def _best(
    selecting_2PX: np.ndarray, measuring_2PX: np.ndarray, own: list[int], tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Index of the best of some points by one half, and its coordinates [2, X] on the other."""
    index_X = np.array(own)[choose(selecting_2PX[:, own], tolerance)]
    return index_X, np.take_along_axis(measuring_2PX, index_X[None, None], axis=1)[:, 0]


def _estimate(
    drawn_D: np.ndarray, values_S: np.ndarray, n: int, limits: tuple[float, float], test: bool = False
) -> Estimate:
    value = float(drawn_D[0])
    limits = (min(limits[0], value), max(limits[1], value))
    p_value = bootstrap_p(drawn_D[1:]) if test else None
    return Estimate(
        value, bootstrap_interval(drawn_D[1:], n, limits), seed_interval(values_S.tolist()), p_value
    )


def choice_cells(model: str, found: Sequence[Choice], points: Sequence[Point], seeds: int) -> list[dict]:
    """Cells of the choices; the tolerance is their `x`.

    `chosen.target_mean` and `chosen.forgetting` are of the choice; `best.…` of each side's best point, which
    `method` and `checkpoint` name. `chosen.share` (of the resamples) and `chosen.seeds` say how often a side
    has the choice, and `chosen.difference` is the target of the chosen side's best (`method`) minus that of
    another side's (`group`).

    Args:
        model: its name.
        found: the choices.
        points: methods and checkpoints in the order of the indices, after theta_0.
        seeds: their number.
    """
    named = [(BASE, ""), *points]
    cells = []
    for one in found:
        common = {"x": one.tolerance, "prompts": "test", "seeds": seeds}
        for side, index in one.best.items():
            method, checkpoint = named[index]
            where = common | {"method": method, "checkpoint": checkpoint, "group": side}
            for axis, name in enumerate(PLANE):
                if side == one.side:
                    columns = one.measured[axis].columns()
                    cells.append(cell(EXPERIMENT, model, f"chosen.{name}", **columns, **where))
                if side != BASE:
                    columns = one.of_sides[side][axis].columns()
                    cells.append(cell(EXPERIMENT, model, f"best.{name}", **columns, **where))
        for side in one.shares:
            where = common | {"method": side, "group": side}
            cells.append(cell(EXPERIMENT, model, "chosen.share", one.shares[side], **where))
            cells.append(cell(EXPERIMENT, model, "chosen.seeds", one.seeds[side], **where))
        for other, difference in one.differences.items():
            where = common | {"method": one.side, "group": other}
            cells.append(cell(EXPERIMENT, model, "chosen.difference", **difference.columns(), **where))
    return cells
