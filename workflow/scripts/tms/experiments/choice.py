"""The setting to use where so much forgetting is tolerated: selected on one half, measured on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tms.experiments.cells import cell
from tms.experiments.frontier import PLANE, THETA_0, Point, plane
from tms.experiments.windows import EXPERIMENT
from tms.metrics.statistics import EQUAL, seed_interval
from tms.metrics.summary import BASE, Estimate, Summary, difference
from tms.metrics.terms import Term, combined

TARGET = PLANE[0]
TOLERANCES = (0.005, 0.01, 0.02, 0.05)  # of forgetting, as a share


@dataclass(frozen=True)
class Choice:
    """The choice among all points for one tolerance.

    Args:
        tolerance: of forgetting, as a share.
        side: of the chosen point; `base` where theta_0 itself is chosen.
        best: the index of each side's best point, theta_0's where none is better, and theta_0's own.
        differences: of targets on the test half: the chosen point's minus theta_0's, and the chosen side's
            best minus each other side's, all selected anew in each resample and for each seed.
        shares: of the resamples in which a point of each side is chosen.
        settings: of the resamples in which each side's best point is chosen.
        seeds: number of seeds whose runs alone choose a point of each side.
    """

    tolerance: float
    side: str
    best: dict[str, int]
    differences: dict[str, Estimate]
    shares: dict[str, float]
    settings: dict[str, float]
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

    Points are selected on the validation half, as in a use of these numbers. The chosen point's numbers, and
    its difference from theta_0, are of the test half, on which nothing was selected. Two sides differ by
    what is selected on each, which noise decides where forgetting lies near the tolerance: their difference
    holds the selection, made anew in each resample of both halves and by the runs of each seed alone.

    Args:
        validation, test: summaries of theta_0 and the points on each half.
        members: indices of each side's points, theta_0's among them.
        tolerances: as shares.
    """
    seeds = test[-1].seeds
    # Selecting and measuring planes: of all draws, and of each seed as measured.
    selecting, measuring = ((plane(half), plane(half, seeds)) for half in (validation, test))
    side_of_P = np.array([BASE] * len(test), dtype=object)
    for side, own in members.items():
        side_of_P[[index for index in own if index != THETA_0]] = side
    found = []
    for tolerance in tolerances:
        points_D, points_S = (choose(values, tolerance) for values in selecting)
        sides_D, sides_S = side_of_P[points_D], side_of_P[points_S]
        picked = {
            side: tuple(np.array(own)[choose(values[:, own], tolerance)] for values in selecting)
            for side, own in {BASE: [THETA_0], **members}.items()
        }
        best = {side: int(index_D[0]) for side, (index_D, _) in picked.items()}
        side = str(sides_D[0])
        differences = {
            other: _difference(picked[side], own, measuring, test)
            for other, own in picked.items()
            if other not in (side, BASE)
        }
        if side != BASE:
            differences = {BASE: difference(test[best[side]], test[THETA_0], TARGET)} | differences
        shares = {name: float((sides_D[1:] == name).mean()) for name in best}
        counts = {name: int((sides_S == name).sum()) for name in best}
        settings = {name: float((points_D[1:] == index).mean()) for name, index in best.items()}
        found.append(Choice(tolerance, side, best, differences, shares, settings, counts))
    return found


def _difference(
    one: Sequence[np.ndarray],
    other: Sequence[np.ndarray],
    measuring: Sequence[np.ndarray],
    test: Sequence[Summary],
) -> Estimate:
    """Difference of the targets of two choices of points.

    Args:
        one, other: index of the chosen point in each draw, and for each seed.
        measuring: planes of the draws and of the seeds.
        test: summaries of the points.
    """

    def less(target_PX: np.ndarray, way: int) -> np.ndarray:
        chosen = (np.take_along_axis(target_PX, side[way][None], axis=0)[0] for side in (one, other))
        return np.subtract(*chosen)

    drawn_D, values_S = (less(values_2PX[0], way) for way, values_2PX in enumerate(measuring))
    counts, terms = test[-1].examples(test[-1].behind[TARGET]), []
    for name, n in counts.items():
        target_PD = np.array([point.draws_SD[name].mean(axis=0) for point in test])
        terms.append(Term.of(name, less(target_PD, 0) / len(counts), n, (-1 / len(counts), 1 / len(counts))))
    bounds, p_value = combined(drawn_D, terms)
    return Estimate(float(drawn_D[0]), bounds, seed_interval(values_S.tolist()), p_value)


def choice_cells(model: str, found: Sequence[Choice], points: Sequence[Point], seeds: int) -> list[dict]:
    """Cells of the choices; the tolerance is their `x`.

    `chosen.share`: of the resamples in which the side (`group`) has the choice; `method` and `checkpoint`
    name the side's best point, `mark` the side that is chosen. `chosen.setting`: of those in which this very
    point has it. `chosen.seeds`: number of seeds that choose the side alone. `chosen.difference`: target of
    the choice minus theta_0's or another side's.

    Args:
        model: its name.
        found: the choices.
        points: methods and checkpoints in the order of the indices, after theta_0.
        seeds: their number.
    """
    named = [(BASE, ""), *points]
    cells = []
    for one in found:
        for side, index in one.best.items():
            method, checkpoint = named[index]
            where = {"method": method, "checkpoint": checkpoint, "group": side, "x": one.tolerance}
            where |= {"prompts": "test", "seeds": seeds}
            mark = "best" if side == one.side else ""
            cells.append(cell(EXPERIMENT, model, "chosen.share", one.shares[side], mark=mark, **where))
            cells.append(cell(EXPERIMENT, model, "chosen.setting", one.settings[side], **where))
            cells.append(cell(EXPERIMENT, model, "chosen.seeds", one.seeds[side], **where))
            if side in one.differences:
                columns = one.differences[side].columns()
                columns["p_uncorrected"] = columns["p_value"]
                cells.append(cell(EXPERIMENT, model, "chosen.difference", **columns, **where))
    return cells
