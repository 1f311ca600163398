"""Windows at one target accuracy: forgetting of each where its run first reaches it (RQ9)."""

from collections.abc import Mapping, Sequence

import numpy as np

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.metrics.flags import Run
from tms.metrics.paired_tests import SIGNIFICANCE, bootstrap_p, holm
from tms.metrics.per_example import Model
from tms.metrics.statistics import percentiles, seed_interval
from tms.metrics.summary import BASE, Estimate, summarise
from tms.mixture.checkpoints import parse_point

EXPERIMENT = "frontier"


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
    return [point for point in checkpoints[0] if all(point in points for points in checkpoints)]


def window_cells(
    model: str,
    base: Model,
    points: Mapping[tuple[str, str], Mapping[Run, Model]],
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
        base: items of theta_0.
        points: items of each run at each point (method, checkpoint), with those of the methods.
        methods: the windows' methods.
        uniform: the method that the others are compared with; None: no differences.
        suite: the benchmarks and their parts.
    """
    between = [sorted((c for m, c in points if m == method and c), key=parse_point) for method in methods]
    shared = [*common_checkpoints(between), ""]
    chosen = {(method, point): points[method, point] for method in methods for point in shared}
    summaries = summarise(base, chosen, suite, transfer=False)[""]
    theta_0, some = summaries[BASE], summaries[methods[0], ""]
    quantities = ("target_mean", "forgetting", "retention_mean")
    # Of each method and quantity the curve over its points: over all seeds with all draws, and seed by seed.
    curves_PD, curves_PS = {}, {}
    for method in methods:
        for name in quantities:
            along = [theta_0.draws_SD[name], *(summaries[method, point].draws_SD[name] for point in shared)]
            curves_PD[method, name] = np.stack([draws_SD.mean(axis=0) for draws_SD in along])
            along[0] = np.repeat(along[0], some.seeds, axis=0)
            curves_PS[method, name] = np.stack([draws_SD[:, 0] for draws_SD in along])
    accuracy_D, accuracy_S = (
        matched_accuracy(np.stack([curves[method, "target_mean"] for method in methods]))
        for curves in (curves_PD, curves_PS)
    )
    note = f"along theta_0, {''.join(f'{point}, ' for point in shared[:-1])}end"
    if stuck := np.mean(accuracy_D[1:] <= theta_0.draws_SD["target_mean"][0, 1:]):
        note += f"; matched at theta_0 itself in {stuck:.1%} of the resamples"
    n = some.sizes("target_mean")["n"] + some.sizes("retention_mean")["n"]
    common = {"group": "windows", "x": float(accuracy_D[0]), "n": n, "seeds": some.seeds, "note": note}
    cells, tested = [], []
    for name in ("forgetting", "retention"):
        quantity = name if name in quantities else f"{name}_mean"
        values = {
            method: [
                at_accuracy(curves[method, "target_mean"], curves[method, quantity], accuracy)
                for curves, accuracy in ((curves_PD, accuracy_D), (curves_PS, accuracy_S))
            ]
            for method in methods
        }
        for method, curve in values.items():
            numbers = estimate(*curve).columns()
            cells.append(cell(EXPERIMENT, model, f"{name}_matched", method=method, **numbers, **common))
            if uniform and method != uniform:
                less = [mine - uniforms for mine, uniforms in zip(curve, values[uniform], strict=True)]
                numbers = estimate(*less, test=True).columns()
                versus = f"{name}_matched.versus_uniform"
                tested.append(cell(EXPERIMENT, model, versus, method=method, **numbers, **common))
    for one, adjusted in zip(tested, holm([one["p_value"] for one in tested]), strict=True):
        one["mark"] = "tied" if adjusted >= SIGNIFICANCE else ""
    return [*cells, *tested]


def estimate(draws_D: np.ndarray, values_S: np.ndarray, test: bool = False) -> Estimate:
    """A number that is no mean over examples, from its draws: its percentiles, even where all are equal.

    Args:
        draws_D: as measured, then on each resample.
        values_S: measured with the runs of one seed alone.
        test: also test whether it is 0.
    """
    p_value = bootstrap_p(draws_D[1:]) if test else None
    return Estimate(float(draws_D[0]), percentiles(draws_D[1:]), seed_interval(values_S.tolist()), p_value)
