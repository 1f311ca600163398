"""Where one front of accuracy and forgetting is higher than the other, in words."""

import math

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup

EXPERIMENT, SIDES = "frontier", ("tms", "sft")


def higher(fronts: dict[str, list[tuple[float, float]]]) -> list[tuple[float, float, str]]:
    """Which of two fronts is higher, by target accuracy.

    A front's height at an accuracy is the least forgetting of its points that reach it; beyond its most
    accurate point it has none.

    Args:
        fronts: (target accuracy, F) of each side's points.

    Returns:
        Stretches (from, to, side), in rising order and together from -inf to the most accurate point; side ""
        where both are as high.
    """
    found: list[tuple[float, float, str]] = []
    start = -math.inf
    for end in sorted({target for points in fronts.values() for target, _ in points}):
        heights = {
            side: max((f for target, f in points if target >= end), default=-math.inf)
            for side, points in fronts.items()
        }
        best = [side for side, height in heights.items() if height == max(heights.values())]
        side = best[0] if len(best) == 1 else ""
        if found and found[-1][2] == side:
            found[-1] = (found[-1][0], end, side)
        else:
            found.append((start, end, side))
        start = end
    return found


def crossing(lookup: CellLookup) -> str:
    """Where TMS's front of selected points is above SFT's on test, and where below; empty if unknown."""
    fronts: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    for cell in lookup.cells(EXPERIMENT, "target_mean", prompts="test"):
        place = {name: cell[name] for name in ("method", "checkpoint", "group")}
        other = lookup.reading(EXPERIMENT, "forgetting", prompts="test", **place)
        for side in SIDES:
            # theta_0 anchors both sides; where one alone selected it, the note names that one.
            own = cell["group"] in (side, "base") and cell["note"] == "selected"
            if other and (own or cell["note"] == f"selected: {side}"):
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


def _accuracies(start: float, end: float) -> str:
    lowest = "up" if start == -math.inf else f"from {100 * start:.1f}"
    return f"{lowest} to {100 * end:.1f} %"
