"""Cells of the frontier: its points on both halves, the sides' areas, and what to use for a tolerance."""

from collections.abc import Mapping

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.experiments.choice import choice_cells, choices
from tms.experiments.frontier import PLANE, THETA_0, Point, control, members_of
from tms.experiments.half_cells import coordinates, differences
from tms.experiments.windows import EXPERIMENT
from tms.metrics.flags import Run
from tms.metrics.paired_tests import SIGNIFICANCE
from tms.metrics.per_example import HALVES, Model
from tms.metrics.summary import BASE, summarise

BASELINES = (("sft", ""), ("tms", ""))  # points that every other is compared with, where they are there


def frontier_cells(
    model: str,
    base: Model,
    points: Mapping[Point, Mapping[Run, Model]],
    sides: Mapping[str, str],
    suite: Suite,
    reference: tuple[float, float],
) -> list[dict]:
    """Every point's coordinates on both halves, each side's areas with tests of their differences, choices.

    Args:
        model: its name.
        base: items of theta_0.
        points: items of each run of each point of all sides.
        sides: side of each method.
        suite: the benchmarks and their parts.
        reference: target accuracy and forgetting from which areas are measured.

    Raises:
        InputError: the sides do not have as many points, or the grades do not fit together.
    """
    members = members_of(list(points), sides)
    halves = {half: summarise(base, points, suite, half=half, transfer=False)[""] for half in HALVES}
    validation, test = ([halves[half][point] for point in (BASE, *points)] for half in HALVES)
    result = control(validation, test, members, reference)
    seeds = test[-1].seeds
    baselines = [point for point in points if point in BASELINES]
    cells = []
    for half, summaries in zip(HALVES, (validation, test), strict=True):
        for index, (method, checkpoint) in enumerate([(BASE, ""), *points]):
            fronts = [side for side, selected in result.selected.items() if index in selected]
            note = "selected" if fronts else ""
            if index == THETA_0 and 0 < len(fronts) < len(members):
                note = f"selected: {', '.join(fronts)}"
            common = {"method": method, "checkpoint": checkpoint, "group": sides.get(method, BASE)}
            common |= {"prompts": half, "seeds": None if index == THETA_0 else seeds, "note": note}
            found = coordinates(summaries[index])
            if half == "test":
                key = BASE if index == THETA_0 else (method, checkpoint)
                found += differences(key, halves[half], baselines)
            cells += [cell(EXPERIMENT, model, **one | common) for one in found]
    n = {
        half: sum(own[-1].sizes(name)["n"] for name in PLANE)
        for half, own in zip(HALVES, (validation, test), strict=True)
    }
    at = f"from target {reference[0]:g}, forgetting {reference[1]:g}"
    for side, areas in result.areas.items():
        kept, beyond, number = result.selected[side], result.beyond[side], len(members[side])
        note = f"{len(kept)} of {number} points selected ({number - 1} and theta_0), {at}"
        if beyond:
            note += f"; {len(beyond)} of them not better than that, so without area"
        common = {"method": side, "group": side, "seeds": seeds, "note": note}
        for half, area in areas.items():
            numbers = area.columns() | {"prompts": half, "n": n[half]}
            cells.append(cell(EXPERIMENT, model, "area", **numbers, **common))
    for (one, other), difference in result.differences.items():
        common = {"method": one, "group": other, "prompts": "test", "seeds": seeds, "n": n["test"]}
        common["mark"] = "tied" if difference.p_value >= SIGNIFICANCE else ""
        common["note"] = (
            f"{one} - {other}, {at}; selected on validation anew in each resample, measured on test"
        )
        cells.append(cell(EXPERIMENT, model, "area_difference", **difference.columns(), **common))
    return cells + choice_cells(model, choices(validation, test, members), list(points), seeds)
