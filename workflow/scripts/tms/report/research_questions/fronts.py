"""Two fronts of accuracy and forgetting compared, in words."""

import math

from tms.experiments import labels
from tms.experiments.windows import EXPERIMENT
from tms.metrics.summary import BASE
from tms.report.cell_lookup import CellLookup
from tms.report.frontier_sides import selected_by, setting


def higher(fronts: dict[str, list[tuple[float, float]]]) -> list[tuple[float, float, str]]:
    """The higher of two fronts at each target accuracy.

    A front's height at an accuracy is the least forgetting of its points that reach it; beyond its most
    accurate point it has none.

    Args:
        fronts: (target accuracy, F) of each side's points.

    Returns:
        Stretches (from, to, side), in rising order and together from -inf to the most accurate point; side ""
        where both are as high.
    """
    stretches: list[tuple[float, float, str]] = []
    start = -math.inf
    for end in sorted({target for points in fronts.values() for target, _ in points}):
        heights = {
            side: max((f for target, f in points if target >= end), default=-math.inf)
            for side, points in fronts.items()
        }
        best = [side for side, height in heights.items() if height == max(heights.values())]
        side = best[0] if len(best) == 1 else ""
        if stretches and stretches[-1][2] == side:
            stretches[-1] = (stretches[-1][0], end, side)
        else:
            stretches.append((start, end, side))
        start = end
    return stretches


def crossing(lookup: CellLookup, rival: str = "sft") -> str:
    """Stretches in which TMS's front of selected points is above or below a rival side's on test; empty if
    unknown."""
    fronts: dict[str, list[tuple[float, float]]] = {side: [] for side in (rival, "tms")}
    for cell in lookup.cells(EXPERIMENT, "target_mean", prompts="test"):
        place = {name: cell[name] for name in ("method", "checkpoint", "group")}
        other = lookup.reading(EXPERIMENT, "forgetting", prompts="test", **place)
        for side in fronts:
            if other and cell["group"] in (side, "base") and selected_by(cell["note"], side):
                fronts[side].append((cell["value"], other.value))
    if not all(fronts.values()):
        return ""
    stretches = higher(fronts)
    sides = {side for *_, side in stretches} - {""}
    if not sides:
        return " By the measured values both fronts are the same."
    said = "; ".join(
        f"{labels.method(side)}'s is higher at target accuracies {_accuracies(start, end)}"
        for start, end, side in stretches
        if side
    )
    whole = "the fronts cross" if len(sides) == 2 else "the fronts do not cross"
    return f" By the measured values {whole}: {said}."


def chosen(lookup: CellLookup, side: str, tolerance: float) -> str:
    """A side's best point of at most so much forgetting, chosen on validation, by its numbers on test; empty
    where the side was not tuned, or has no such point but theta_0."""
    for cell in lookup.cells(EXPERIMENT, "chosen.share", group=side, x=tolerance):
        where = {"prompts": "test", "checkpoint": cell["checkpoint"]}
        target, forgetting = (
            lookup.reading(EXPERIMENT, name, cell["method"], **where)
            for name in ("target_mean", "forgetting")
        )
        if cell["method"] != BASE and target and forgetting:
            return (
                f"{setting(lookup.info, side, cell['method'], cell['checkpoint'])}, has target mean "
                f"{100 * target.value:.1f} % and F {100 * forgetting.value:.1f}"
            )
    return ""


def _accuracies(start: float, end: float) -> str:
    lowest = "up" if start == -math.inf else f"from {100 * start:.1f}"
    return f"{lowest} to {100 * end:.1f} %"
