"""Accuracy against forgetting at one glance: the base, SFT and TMS by name, all others in grey."""

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import LOSS, SHARE, Figure
from tms.report.figures.palette import Style
from tms.report.wording import PERCENT, heading, spoken

ACCURACY = "target score (%)"
FORGETTING = "forgetting F (points, 0: none)"
NAMED = ("base", "sft", "tms")


def plane(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Target accuracy against forgetting.

    Raises:
        NotMeasuredError: the model has no experiment main, or no method has both numbers.
    """
    lookup.require("main")
    points = summaries(lookup)
    if not set(points) - {"base"}:
        raise NotMeasuredError("no method has both accuracy and forgetting measured")
    figure = Figure("plane", heading("Accuracy against forgetting", lookup), height=3.1)
    (axes,) = figure.panels
    figure.limit(axes, x=SHARE, y=LOSS)
    named = [method for method in NAMED if method in points]
    others = [place for method, place in points.items() if method not in named]
    for text, x, y in [*others, *_on_the_frontier(lookup, set(points))]:
        figure.point(axes, Reading(x.value), Reading(y.value), palette.BESIDE, text, size=4.5)
    for method in named:
        text, x, y = points[method]
        figure.point(axes, x, y, styles[method], text, size=9, label=labels.method(method), above=1)
    axes.set(xlabel=ACCURACY, ylabel=FORGETTING)
    figure.caption = (
        "Up and to the right is better. Thin lines: 95 % intervals over test examples; wide light ones: over "
        "seeds. Grey: other methods and settings, named on hover."
    )
    return figure


def summaries(lookup: CellLookup) -> dict[str, tuple[str, Reading, Reading]]:
    """Hover text, target accuracy and forgetting of each method, in percent and points."""
    points = {}
    for method, experiment in lookup.summarised().items():
        x = lookup.reading(experiment, "target_mean", method)
        y = Reading(0.0) if method == "base" else lookup.reading(experiment, "forgetting", method)
        if x and y:
            points[method] = _place(labels.method(method), x, y)
    return points


def _place(name: str, x: Reading, y: Reading) -> tuple[str, Reading, Reading]:
    x, y = x.scaled(100), y.scaled(100)
    return f"{name}: {spoken('target', x, PERCENT)}; {spoken('F', y, ' points')}", x, y


def _on_the_frontier(lookup: CellLookup, known: set[str]) -> list[tuple[str, Reading, Reading]]:
    """The frontier control's points, on the test half, but for the ends of methods that are there anyway."""
    places = []
    for cell in lookup.cells("frontier", "target_mean", prompts="test"):
        method, checkpoint = cell["method"], cell["checkpoint"]
        where = {name: cell[name] for name in ("checkpoint", "group", "prompts")}
        y = lookup.reading("frontier", "forgetting", method, **where)
        if y and (checkpoint or method not in known):
            at = f" at {checkpoint.replace('of', ' / ')}" if checkpoint else ""
            places.append(_place(f"{labels.method(method)}{at}, test half", Reading.of(cell), y))
    return places
