"""The frontier control: tuned SFT and tuned TMS on one plane."""

from dataclasses import dataclass, replace

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import LOSS, SHARE, Figure
from tms.report.figures.palette import Style
from tms.report.figures.planes import ACCURACY, FORGETTING
from tms.report.frontier_sides import selected_by, sides
from tms.report.wording import PERCENT, POINTS, heading, spoken

SELECTED, ENDED, BETWEEN = 8, 6, 3.5  # sizes of markers: selected points, ends of runs, checkpoints before


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

    Raises:
        NotMeasuredError: the model has no experiment frontier, or nothing was measured.
    """
    lookup.require("frontier")
    looks = side_styles(lookup)
    drawn = sorted(sides(lookup), reverse=True)  # SFT after TMS: where fronts meet, its dashes stay visible
    places = [place for side in ("base", *drawn) for place in _places(lookup, side)]
    if not places:
        raise NotMeasuredError("experiment frontier: no point has both accuracy and forgetting on test")
    title = heading("The frontier control: tuned SFT and tuned TMS", lookup)
    figure = Figure("frontier", title, height=3.5)
    (axes,) = figure.panels
    figure.limit(axes, x=SHARE, y=LOSS)
    named = _named(places)
    # What is selected lies on top, and its names choose their places first.
    for place in sorted(places, key=lambda place: (place not in named, not place.fronts)):
        chosen = bool(place.fronts)
        x, y = (one.plain if chosen else Reading(one.value) for one in (place.x, place.y))
        figure.point(
            axes,
            x,
            y,
            looks[place.side],
            place.text,
            size=place.size,
            filled=chosen,
            label=place.name if place in named else "",
            above=chosen,
        )
    for side in drawn:
        front = sorted((place.x.value, place.y.value) for place in places if side in place.fronts)
        if len(front) > 1:
            figure.line(axes, *zip(*front, strict=True), looks[side], linewidth=1.5, clip_on=False)
        figure.legend(labels.method(side), looks[side], line=True)
    grey = Style(palette.GREY, "o")
    figure.legend("selected", grey)
    figure.legend("not selected", grey, filled=False)
    axes.set(xlabel=ACCURACY, ylabel=FORGETTING)
    figure.caption = (
        "Filled and joined: each side's front, selected on one half of the examples, drawn on the other; "
        "small and open: other settings, and checkpoints before a run's end."
    )
    return figure


def side_styles(lookup: CellLookup) -> dict[str, Style]:
    """The style of each side, that of its kind where it is named so, and of the base."""
    info = lookup.info
    return palette.assign({side: info.kinds[methods[0]] for side, methods in info.sides.items()})


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
