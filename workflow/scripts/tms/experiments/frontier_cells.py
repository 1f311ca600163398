"""The frontier control and the windows at matched accuracy as cells of the report."""

from collections.abc import Mapping

import numpy as np

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.experiments.frontier import BASE, Estimate, control, estimate, sides_of
from tms.experiments.matched_accuracy import at_accuracy, common_checkpoints, matched_accuracy
from tms.experiments.points import Grades, Point, Runs, coordinates
from tms.metrics.paired_tests import SIGNIFICANCE, holm
from tms.mixture.checkpoints import parse_point

EXPERIMENT = "frontier"
THETA_0 = ("base", "")


def frontier_cells(
    model: str,
    base: Grades,
    points: Mapping[Point, Runs],
    kinds: Mapping[str, str],
    suite: Suite,
    reference: tuple[float, float],
) -> list[dict]:
    """Every point's coordinates on both halves, each side's areas, and the verdict on their difference.

    Args:
        model: its name.
        base: grades of theta_0.
        points: grades of each run of each point of both sides.
        kinds: side of each method, `sft` or `tms`.
        suite: the benchmarks and their parts.
        reference: target accuracy and forgetting from which areas are measured.

    Raises:
        InputError: the sides do not have as many points, or the grades do not fit together.
    """
    sides = sides_of(list(points), kinds)
    halves = {name: coordinates(base, points, suite, name) for name in ("validation", "test")}
    found = control(halves["validation"], halves["test"], sides, reference)
    cells = []
    for half, own in halves.items():
        for index, (method, checkpoint) in enumerate([THETA_0, *points]):
            fronts = [side for side, selected in found.selected.items() if index in selected]
            common = {
                "method": method,
                "checkpoint": checkpoint,
                "group": kinds.get(method, "base"),
                "prompts": half,
                "seeds": own.seeds,
                "note": "selected" if fronts else "",
            }
            if index == BASE and len(fronts) == 1:
                common["note"] = f"selected: {fronts[0]}"
            for quantity, values_SD, n in (
                ("target_mean", own.target_PSD[index], own.n_target),
                ("forgetting", own.forgetting_PSD[index], own.n_retention),
            ):
                one = estimate(values_SD.mean(axis=0), values_SD[:, 0])
                cells.append(_cell(model, quantity, one, n=n, **common))
    at = f"from target {reference[0]:g}, forgetting {reference[1]:g}"
    common = {"seeds": halves["test"].seeds}
    for side, areas in found.areas.items():
        kept, beyond = found.selected[side], found.beyond[side]
        number = len(sides[side])
        note = f"{len(kept)} of {number} points selected ({number - 1} and theta_0), {at}"
        if beyond:
            note += f"; {len(beyond)} of them not better than that, so without area"
        for half, area in areas.items():
            common |= {"prompts": half, "n": halves[half].n_target + halves[half].n_retention}
            cells.append(_cell(model, "area", area, method=side, group=side, note=note, **common))
    mark = "tied" if found.difference.p_value >= SIGNIFICANCE else ""
    note = f"tms - sft, {at}; selected on validation anew in each resample, measured on test"
    common |= {"method": "tms", "group": "tms", "prompts": "test", "mark": mark, "note": note}
    return [*cells, _cell(model, "area_difference", found.difference, **common)]


def window_cells(
    model: str,
    base: Grades,
    points: Mapping[Point, Runs],
    methods: list[str],
    uniform: str | None,
    suite: Suite,
) -> list[dict]:
    """Forgetting and retention of each window where its run first reaches the accuracy that all reach.

    A method's curve goes from theta_0 over the checkpoints that all of them have to its end. Differences from
    the uniform window have plain p-values, and the mark `tied` where Holm's correction over all of them
    leaves 0.05 or more.

    Args:
        model: its name.
        base: grades of theta_0.
        points: grades of each run of each point, with those of the methods.
        methods: the windows' methods.
        uniform: which of them is the uniform window; None: no differences.
        suite: the benchmarks and their parts.
    """
    own = [sorted((c for m, c in points if m == method and c), key=parse_point) for method in methods]
    shared = [*common_checkpoints(own), ""]
    chosen = {(method, point): points[method, point] for method in methods for point in shared}
    found = coordinates(base, chosen, suite)
    curves_CP = [
        [BASE, *(1 + place * len(shared) + step for step in range(len(shared)))]
        for place in range(len(methods))
    ]
    values_PSD = {
        "target": found.target_PSD,
        "forgetting": found.forgetting_PSD,
        "retention": found.retention_PSD,
    }
    over_runs = {name: values.mean(axis=1) for name, values in values_PSD.items()}
    of_seeds = {name: values[:, :, 0] for name, values in values_PSD.items()}
    accuracy_D = matched_accuracy(over_runs["target"][curves_CP])
    accuracy_S = matched_accuracy(of_seeds["target"][curves_CP])
    note = f"along theta_0, {''.join(f'{point}, ' for point in shared[:-1])}end"
    if stuck := np.mean(accuracy_D[1:] <= over_runs["target"][BASE, 1:]):
        note += f"; matched at theta_0 itself in {stuck:.1%} of the resamples"
    common = {
        "group": "windows",
        "x": float(accuracy_D[0]),
        "n": found.n_target + found.n_retention,
        "seeds": found.seeds,
        "note": note,
    }
    cells, tested = [], []
    for name in ("forgetting", "retention"):
        values = {
            method: (
                at_accuracy(over_runs["target"][curve_P], over_runs[name][curve_P], accuracy_D),
                at_accuracy(of_seeds["target"][curve_P], of_seeds[name][curve_P], accuracy_S),
            )
            for method, curve_P in zip(methods, curves_CP, strict=True)
        }
        for method, own in values.items():
            cells.append(_cell(model, f"{name}_matched", estimate(*own), method=method, **common))
            if uniform and method != uniform:
                less = [mine - uniforms for mine, uniforms in zip(own, values[uniform], strict=True)]
                difference = estimate(*less, test=True)
                tested.append(
                    _cell(model, f"{name}_matched.versus_uniform", difference, method=method, **common)
                )
    for one, adjusted in zip(tested, holm([one["p_value"] for one in tested]), strict=True):
        one["mark"] = "tied" if adjusted >= SIGNIFICANCE else ""
    return [*cells, *tested]


def _cell(model: str, quantity: str, found: Estimate, **others) -> dict:
    bounds = dict(zip(("ci_low", "ci_high"), found.interval, strict=True))
    if found.seeds_interval:
        bounds |= dict(zip(("seeds_low", "seeds_high"), found.seeds_interval, strict=True))
    return cell(EXPERIMENT, model, quantity, found.value, p_value=found.p_value, **bounds, **others)
