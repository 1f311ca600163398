"""The frontier: tuned methods on one plane, or each beside SFT and TMS in a panel of its own."""

import math
from dataclasses import dataclass, replace
from itertools import cycle

from matplotlib.axes import Axes

from tms.experiments import labels
from tms.experiments.frontier import SFT, TMS
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import LOSS, SHARE, Figure
from tms.report.figures.palette import Style
from tms.report.figures.planes import ACCURACY, FORGETTING
from tms.report.frontier_sides import selected_by, sides
from tms.report.wording import PERCENT, POINTS, heading, spoken

SELECTED, ENDED, BETWEEN = 8, 6, 3.5  # sizes of markers: selected points, ends of runs, checkpoints before
MOST_IN_A_PLANE = 3  # sides whose points can be told apart on one plane
COLUMNS, PANEL_HEIGHT = 2, 1.75  # of panels, inches
# Of sides that are not named as a kind of method.
SPARE = (palette.VERMILLION, palette.PURPLE, palette.GREEN, palette.SKY, palette.BLACK)


@dataclass(frozen=True)
class Place:
    """A method's end or checkpoint on the plane, with the sides on whose fronts validation puts it."""

    side: str
    method: str
    checkpoint: str
    x: Reading
    y: Reading
    fronts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The method, and the checkpoint where it is not the end."""
        at = f" at {self.checkpoint.replace('of', ' / ')}" if self.checkpoint else ""
        return labels.method(self.method) + at

    @property
    def text(self) -> str:
        """Its hover text."""
        said = ", selected on validation" if self.fronts else ""
        return f"{self.name}{said}: {spoken('target', self.x, PERCENT)}; {spoken('F', self.y, POINTS)}"

    @property
    def size(self) -> float:
        """Of its marker, in points."""
        return SELECTED if self.fronts else (BETWEEN if self.checkpoint else ENDED)


def frontier(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """All sides with their settings and own checkpoints, measured on test; the best of each side by name.

    Up to three sides share a plane; of more, each beside SFT and TMS has a panel with their fronts.

    Raises:
        NotMeasuredError: the model has no experiment frontier, or nothing was measured.
    """
    lookup.require("frontier")
    places = [place for side in ("base", *sides(lookup)) for place in _places(lookup, side)]
    if not places:
        raise NotMeasuredError("experiment frontier: no point has both accuracy and forgetting on test")
    return _in_panels(lookup, places) if len(sides(lookup)) > MOST_IN_A_PLANE else _in_a_plane(lookup, places)


def _in_a_plane(lookup: CellLookup, places: list[Place]) -> Figure:
    looks = side_styles(lookup)
    drawn = sorted(sides(lookup), reverse=True)  # SFT after TMS: where fronts meet, its dashes stay visible
    tuned = " and ".join(f"tuned {labels.method(side)}" for side in sides(lookup)[:2])
    figure = Figure("frontier", heading(f"The frontier control: {tuned}", lookup), height=3.5)
    (axes,) = figure.panels
    figure.limit(axes, x=SHARE, y=LOSS)
    named = _named(places)
    # What is selected lies on top, and its names choose their places first.
    for place in sorted(places, key=lambda place: (place not in named, not place.fronts)):
        _mark(figure, axes, place, looks, place.name if place in named else "")
    for side in drawn:
        _front(figure, axes, places, side, looks[side], linewidth=1.5)
        figure.legend(labels.method(side), looks[side], line=True)
    _finish(figure)
    axes.set(xlabel=ACCURACY, ylabel=FORGETTING)
    return figure


def _in_panels(lookup: CellLookup, places: list[Place]) -> Figure:
    looks = side_styles(lookup)
    control = [side for side in (SFT, TMS) if side in looks]
    groups = [control, *([side] for side in sides(lookup) if side not in control)]
    groups = [group for group in groups if group]
    rows = math.ceil(len(groups) / COLUMNS)
    title = heading("The frontier: tuned methods, a panel each", lookup)
    size = {"rows": rows, "columns": COLUMNS, "height": 0.9 + PANEL_HEIGHT * rows}
    figure = Figure("frontier", title, **size, sharex=True, sharey=True)
    for axes, group in zip(figure.panels, groups, strict=False):
        figure.limit(axes, x=SHARE, y=LOSS)
        own = [place for place in places if place.side in ("base", *group)]
        best = _named(own) if len(group) > 1 else []
        for place in sorted(own, key=lambda place: (place not in best, not place.fronts)):
            name = labels.method(place.side) if place in best and place.side != "base" else ""
            _mark(figure, axes, place, looks, name, bars=False)
        for side in dict.fromkeys([*control, *group]):
            style = looks[side] if side in control else replace(looks[side], line="-")
            _front(figure, axes, places, side, style, linewidth=1.8 if side in group else 0.9)
        axes.set_title("; ".join(_with_area(lookup, side) for side in group))
    for axes in figure.panels[len(groups) - COLUMNS : len(groups)]:
        axes.set_xlabel(ACCURACY)
        axes.tick_params(labelbottom=True)
    for axes in figure.panels[len(groups) :]:
        axes.set_axis_off()
    figure.panels[COLUMNS * (rows // 2)].set_ylabel(FORGETTING)
    for side in control:
        figure.legend(f"{labels.method(side)}'s front", color=looks[side].colour, linestyle=looks[side].line)
    figure.legend("base", looks["base"])
    _finish(figure)
    figure.caption = (
        f"Thin lines: the fronts of SFT and TMS; above a panel the dominated area on test. {figure.caption}"
    )
    return figure


def _with_area(lookup: CellLookup, side: str) -> str:
    """A side's name with its dominated area."""
    area = lookup.reading("frontier", "area", side, group=side, prompts="test")
    return labels.method(side) + (f", area {area.value:.3f}" if area else "")


def _mark(
    figure: Figure, axes: Axes, place: Place, looks: dict[str, Style], name: str, bars: bool = True
) -> None:
    """A point, with its interval over examples where it is selected."""
    chosen = bool(place.fronts)
    plain = chosen and bars
    x, y = (one.plain if plain else Reading(one.value) for one in (place.x, place.y))
    size = place.size if bars else place.size * 0.75
    figure.point(
        axes, x, y, looks[place.side], place.text, size=size, filled=chosen, label=name, above=chosen
    )


def _front(
    figure: Figure, axes: Axes, places: list[Place], side: str, style: Style, linewidth: float
) -> None:
    """The line through a side's selected points."""
    front = sorted((place.x.value, place.y.value) for place in places if side in place.fronts)
    if len(front) > 1:
        figure.line(axes, *zip(*front, strict=True), style, linewidth=linewidth, clip_on=False)


def _finish(figure: Figure) -> None:
    grey = Style(palette.GREY, "o")
    figure.legend("selected", grey)
    figure.legend("not selected", grey, filled=False)
    figure.caption = (
        "Filled and joined: each side's front, selected on one half of the examples, drawn on the other; "
        "small and open: other settings, and checkpoints before a run's end."
    )


def side_styles(lookup: CellLookup) -> dict[str, Style]:
    """The style of each side, that of its kind where it is named so, and of the base."""
    info, spare = lookup.info, cycle(SPARE)
    looks = palette.assign({side: info.kinds[methods[0]] for side, methods in info.sides.items()})
    unlike = [side for side in info.sides if side not in palette.KINDS]
    return looks | {side: replace(looks[side], colour=next(spare), filled=True) for side in unlike}


def _named(places: list[Place]) -> list[Place]:
    """The base, and of each side the selected point of the highest target, or its best where none is."""
    named = [place for place in places if place.side == "base"]
    for side in dict.fromkeys(place.side for place in places if place.side != "base"):
        own = [place for place in places if place.side == side]
        own = [place for place in own if place.fronts] or own
        named.append(max(own, key=lambda place: place.x.value))
    return named


def _places(lookup: CellLookup, side: str) -> list[Place]:
    places = []
    for cell in lookup.cells("frontier", "target_mean", group=side, prompts="test"):
        where = {"checkpoint": cell["checkpoint"], "group": side, "prompts": "test"}
        y = lookup.reading("frontier", "forgetting", cell["method"], **where)
        if not y:
            continue
        own = sides(lookup) if side == "base" else (side,)
        fronts = tuple(one for one in own if selected_by(cell["note"], one))
        if side == "base":
            y = replace(y, low=None, high=None, seeds_low=None, seeds_high=None)
        x = Reading.of(cell).scaled(100)
        places.append(Place(side, cell["method"], cell["checkpoint"], x, y.scaled(100), fronts))
    return places
