"""The frontier control: tuned SFT and tuned TMS on one plane."""

from dataclasses import dataclass

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import Figure
from tms.report.figures.palette import KINDS, Style
from tms.report.figures.planes import ACCURACY, FORGETTING
from tms.report.frontier_sides import RIVALS, differences, selected_by, sides
from tms.report.wording import BARS, LOSSES_ONLY, PERCENT, heading, spoken

# Markers of their own, since filling tells which points were selected.
MARKERS = {"base": "X", "sft": "sDphP8d", "tms": "o^v<>*"}
MARKERS["average"] = ("H", (4, 1), (6, 1), (3, 1), (8, 1), (7, 1), (9, 1))
MARGIN = 1.0  # points around what is enlarged


@dataclass(frozen=True)
class Place:
    """A method's end or checkpoint on the plane, with the sides on whose fronts validation puts it."""

    side: str
    method: str
    checkpoint: str
    x: Reading
    y: Reading
    style: Style
    fronts: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its hover text."""
        label = labels.method(self.method)
        if self.checkpoint:
            label += f" at {self.checkpoint.replace('of', ' / ')}"
        said = ", selected on validation" if self.fronts else ""
        return f"{label}{said}: {spoken('target', self.x, PERCENT)}; {spoken('F', self.y, ' points')}"


def frontier(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """All sides with their settings and own checkpoints, measured on test; the selected points enlarged.

    Raises:
        NotMeasuredError: the model has no experiment frontier, or nothing was measured.
    """
    lookup.require("frontier")
    drawn = sorted(sides(lookup), reverse=True)  # SFT after TMS: where fronts meet, its dashes stay visible
    places = [place for side in ("base", *drawn) for place in _places(lookup, side)]
    if not places:
        raise NotMeasuredError("experiment frontier: no point has both accuracy and forgetting on test")
    title = heading("The frontier control: accuracy against forgetting", lookup)
    figure = Figure("frontier", title, columns=2, height=4.4, width_ratios=(3, 2))
    whole, enlarged = figure.panels
    for place in places:
        filled = bool(place.fronts) or place.side == "base"
        size = 4.5 if place.checkpoint else 7.5
        figure.point(whole, place.x, place.y, place.style, place.text, size=size, filled=filled)
        figure.legend(labels.method(place.method), place.style, filled=place.side == "base")
    selected = [place for place in places if place.fronts and place.side != "base"]
    for place in selected:
        size = 5.5 if place.checkpoint else 8.5
        figure.point(enlarged, place.x, place.y, place.style, place.text, size=size, filled=True)
    for side in drawn:
        _front(figure, whole, side, [place for place in places if side in place.fronts])
        _front(figure, enlarged, side, [place for place in selected if side in place.fronts])
    grey = Style(palette.GREY, "o")
    figure.legend("selected on validation", grey)
    figure.legend("not selected", grey, filled=False)
    figure.legend("own checkpoint (small)", grey, filled=False, markersize=4)
    whole.set(xlabel=ACCURACY, ylabel=FORGETTING, title="all points")
    enlarged.set(xlabel=ACCURACY, title="selected points, without the base")
    if selected:
        _enlarge(enlarged, selected)
    figure.caption = (
        "Scores on the test half. Small markers: a run's own checkpoints before its end. Filled and joined: "
        f"on the side's front by the validation half. {area_in_words(lookup)}"
        f"{LOSSES_ONLY} {BARS}"
    )
    return figure


def _places(lookup: CellLookup, side: str) -> list[Place]:
    cells = lookup.cells("frontier", "target_mean", group=side, prompts="test")
    methods = list(dict.fromkeys(cell["method"] for cell in cells))
    places = []
    for cell in cells:
        method = cell["method"]
        where = {"checkpoint": cell["checkpoint"], "group": side, "prompts": "test"}
        y = lookup.reading("frontier", "forgetting", method, **where)
        if not y:
            continue
        own = sides(lookup) if side == "base" else (side,)
        fronts = tuple(one for one in own if selected_by(cell["note"], one))
        marker = MARKERS[side][methods.index(method) % len(MARKERS[side])]
        style = Style(KINDS[side].colour, marker)
        readings = Reading.of(cell).scaled(100), y.scaled(100)
        places.append(Place(side, method, cell["checkpoint"], *readings, style, fronts))
    return places


def _front(figure: Figure, axes, side: str, places: list[Place]) -> None:
    if len(places) > 1:
        line = sorted((place.x.value, place.y.value) for place in places)
        figure.line(axes, *zip(*line, strict=True), KINDS[side], linewidth=1.8)
        figure.legend(f"{labels.method(side)}: front", color=KINDS[side].colour, linestyle=KINDS[side].line)


def _enlarge(axes, places: list[Place]) -> None:
    """Limits around the intervals over examples; those over seeds may reach beyond."""
    for set_limits, readings in (
        (axes.set_xlim, [place.x for place in places]),
        (axes.set_ylim, [place.y for place in places]),
    ):
        low = min(one.value if one.low is None else min(one.low, one.value) for one in readings)
        high = max(one.value if one.high is None else max(one.high, one.value) for one in readings)
        set_limits(low - MARGIN, high + MARGIN)


def area_in_words(lookup: CellLookup) -> str:
    """TMS's dominated area on test beside its rivals'; nothing where it was not measured."""
    said = ""
    for rival, difference in differences(lookup).items():
        said += spoken(f"TMS's dominated area minus {RIVALS[rival][1]}:", difference)
        said += f", p = {difference.p_value:.3g}. " if difference.p_value is not None else ". "
    return said
