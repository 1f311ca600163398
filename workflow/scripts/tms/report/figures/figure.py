"""A figure whose points and bars tell their values: drawn once, saved as SVG and PNG."""

import io
import math
import textwrap
from collections import defaultdict
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import figure as mpl_figure
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from tms.io.whole_file import write_bytes
from tms.report.cell_lookup import Reading
from tms.report.figures import direct_labels, palette, svg
from tms.report.figures.palette import Style
from tms.report.wording import BARS

TITLE_CHARACTERS = 54  # letters that fit into a line of a title
LEGEND_CHARACTERS = 62  # letters that fit into a line of a legend
LEGEND_HANDLE = 7.5  # letters that an entry's handle and the gap to the next one take
LEGEND_LINE = 0.185  # inches
BAR_STYLES = {
    "seeds": {"linewidths": 3.5, "alpha": 0.25, "zorder": 2.5},
    "examples": {"linewidths": 1.1, "zorder": 3},
}
NARROW = 200  # ratio of the ends of a logarithmic axis up to which it has more numbers than powers of 10
PADDING = 0.05  # inches around panels: fonts are a little wider in some viewers
# What a quantity can be, in the units of the axes.
SHARE, LOSS, SIZE, CHANGE = (0, 100), (-100, 0), (0, None), (-100, 100)


class Figure:
    """One figure: panels, marks with hover values, labels beside them, and a legend outside of the panels.

    Args:
        name: its file name without ending; also the prefix of every id in the SVG.
        title: printed above it.
        rows, columns: its panels.
        height: inches, without the legend.
    """

    def __init__(self, name: str, title: str, rows: int = 1, columns: int = 1, height: float = 3.6, **axes):
        self.name, self.title, self.caption = name, title, ""
        self.figure = mpl_figure.Figure(figsize=(palette.WIDTH, height), layout="constrained")
        FigureCanvasAgg(self.figure)  # measures the text
        self.figure.get_layout_engine().set(w_pad=PADDING, h_pad=PADDING)
        grid = self.figure.subplots(rows, columns, squeeze=False, **axes)
        self.figure.suptitle(wrapped(title))
        self.panels: list[Axes] = list(grid.flat)
        for axis in (axis for axes in self.panels for axis in (axes.xaxis, axes.yaxis)):
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        self.hovers: dict[str, str] = {}
        self.labels: list[Annotation] = []
        self._legend: dict[str, object] = {}
        self._ranges: dict[Axes, tuple] = {}
        self._bars: dict[tuple[Axes, str], list] = defaultdict(list)
        self._marks: dict[Axes, list[tuple[float, float, float]]] = defaultdict(list)
        self._labels: list[direct_labels.Label] = []

    def limit(self, axes: Axes, x: tuple = (None, None), y: tuple = (None, None)) -> None:
        """Say what a panel's quantities can be (None: anything): bars and the panel itself end there."""
        self._ranges[axes] = x, y

    def _hover(self, text: str) -> str:
        name = f"{self.name}-value{len(self.hovers) + 1}"
        self.hovers[name] = text
        return name

    def point(
        self,
        axes: Axes,
        x: Reading | float,
        y: Reading,
        style: Style,
        text: str,
        size: float = 6.5,
        filled: bool | None = None,
        label: str = "",
        above: float = 0,
    ) -> None:
        """A marker with its error bars: thin for the interval over examples, wide and light for seeds.

        Args:
            label: written beside it where it finds room.
            above: how far it lies above other markers.
        """
        along = x if isinstance(x, Reading) else Reading(x)
        self._error_bars(axes, along, y, style.colour)
        full = style.filled if filled is None else filled
        axes.plot(
            [along.value],
            [y.value],
            marker=style.marker,
            linestyle="none",
            markersize=size,
            markerfacecolor=style.colour if full else palette.PAPER,
            markeredgecolor=style.edge if full else style.colour,
            markeredgewidth=0.6 if full else 1.4,
            gid=self._hover(text),
            zorder=4 + above,
            clip_on=False,  # a marker at what its quantity can be at most is drawn whole
        )
        self._marks[axes].append((along.value, y.value, size))
        if label:
            self._labels.append(direct_labels.Label(axes, along.value, y.value, label, size))

    def bar(self, axes: Axes, place: float, reading: Reading, style: Style, text: str, width: float) -> None:
        """An upright bar from 0 with its error bars."""
        (drawn,) = axes.bar(
            [place],
            [reading.value],
            width,
            color=style.colour,
            edgecolor=palette.PAPER if style.colour == palette.BLACK else palette.BLACK,
            hatch=style.hatch,
            linewidth=0.6,
        )
        drawn.set_gid(self._hover(text))
        # A black line on a black bar would not be seen.
        colour = palette.GREY if style.colour == palette.BLACK else palette.BLACK
        self._error_bars(axes, Reading(place), reading, colour)

    def _error_bars(self, axes: Axes, x: Reading, y: Reading, colour: str) -> None:
        """Note thin bars for the intervals over examples, wide and light ones for those over seeds."""
        for across, reading, other in ((True, x, y.value), (False, y, x.value)):
            for name, low, high in (
                ("seeds", reading.seeds_low, reading.seeds_high),
                ("examples", reading.low, reading.high),
            ):
                if low is not None and high is not None:
                    ends = [(low, other), (high, other)] if across else [(other, low), (other, high)]
                    self._bars[axes, name].append((ends, colour))

    def _draw_error_bars(self) -> None:
        """Draw what was noted, all bars of a panel at once, as far as their quantities can be.

        An interval over a few seeds, which is symmetric, may reach beyond.
        """
        for (axes, name), noted in self._bars.items():
            bounds = np.array(self._ranges.get(axes, ((None, None), (None, None))), dtype=float).T
            lows, highs = np.where(np.isnan(bounds), [[-np.inf], [np.inf]], bounds)
            ends, colours = zip(*noted, strict=True)
            # Not as a tuple: matplotlib takes a tuple of two for one colour and its alpha.
            segments = np.clip(np.array(ends), lows, highs)
            axes.add_collection(LineCollection(segments, colors=list(colours), **BAR_STYLES[name]))
            axes.autoscale_view()

    def _set_limits(self) -> None:
        """End each panel where its quantities end, and keep its limits."""
        for axes in self.panels:
            for axis, (low, high) in zip(
                (axes.xaxis, axes.yaxis), self._ranges.get(axes, ((None, None), (None, None))), strict=True
            ):
                first, last = sorted(axis.get_view_interval())
                first = first if low is None else max(first, low)
                last = last if high is None else min(last, high)
                axes.set(**{f"{axis.axis_name}lim": (first, last)[:: -1 if axis.get_inverted() else 1]})

    def line(self, axes: Axes, xs: list[float], ys: list[float], style: Style, **options) -> None:
        """A line without markers, beneath the points."""
        given = {"color": style.colour, "linestyle": style.line, "zorder": 2} | options
        axes.plot(xs, ys, **given)

    def legend(self, label: str, style: Style | None = None, **options) -> None:
        """An entry of the legend: a marker (and a line, with `line=True`), a bar, or any artist's options."""
        if label in self._legend:
            return
        if options.pop("bar", False):
            edge = palette.PAPER if style.colour == palette.BLACK else palette.BLACK
            self._legend[label] = Patch(facecolor=style.colour, edgecolor=edge, hatch=style.hatch)
            return
        drawn = {}
        if style:
            full = options.pop("filled", style.filled)
            drawn = {
                "color": style.colour,
                "linestyle": style.line if options.pop("line", False) else "none",
                "marker": style.marker,
                "markerfacecolor": style.colour if full else palette.PAPER,
                "markeredgecolor": style.edge if full else style.colour,
                "markeredgewidth": 0.6 if full else 1.4,
            }
        self._legend[label] = Line2D([], [], **(drawn | options))

    def finish(self) -> None:
        """Draw what needs all points: bars, limits, the legend, and the labels, which need the rest."""
        self._draw_error_bars()
        self._set_limits()
        if self._legend:
            columns = legend_columns(list(self._legend))
            lines = math.ceil(len(self._legend) / columns)
            width, height = self.figure.get_size_inches()
            self.figure.set_size_inches(width, height + LEGEND_LINE * lines)
            self.figure.legend(
                list(self._legend.values()),
                list(self._legend),
                loc="outside lower center",
                ncols=columns,
                handlelength=2.2,
                columnspacing=1.2,
            )
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")  # all have their places
        marks = {axes: _around(axes, marked) for axes, marked in self._marks.items()}
        self.labels = direct_labels.place(self._labels, marks, self._hidden_lines())

    def _hidden_lines(self) -> dict[Axes, np.ndarray]:
        """Boxes [bar, 4] in pixels of the error bars of each panel."""
        boxes: dict[Axes, list] = defaultdict(list)
        for (axes, _), noted in self._bars.items():
            for ends, _ in noted:
                (left, bottom), (right, top) = axes.transData.transform(ends)
                boxes[axes].append((left - 1, bottom - 1, right + 1, top + 1))
        return {axes: np.array(found) for axes, found in boxes.items()}

    def save(self, folder: Path) -> None:
        """Write `{name}.svg` and `{name}.png`: the same bytes for the same numbers."""
        self.finish()
        drawn = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": self.name}):
            self.figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        self.figure.savefig(folder / f"{self.name}.png", dpi=palette.PNG_DPI, metadata={"Software": None})
        alone = self.caption if BARS in self.caption or not self._bars else f"{self.caption} {BARS}"
        finished = svg.finish(drawn.getvalue(), self.name, self.title, alone, self.hovers)
        write_bytes(folder / f"{self.name}.svg", finished)


def _around(axes: Axes, marked: list[tuple[float, float, float]]) -> np.ndarray:
    """Boxes [marker, 4] in pixels around markers, given as x, y and size in points."""
    places = axes.transData.transform([(x, y) for x, y, _ in marked])
    halves = np.array([[size / 2 * axes.figure.dpi / 72] for *_, size in marked])
    return np.hstack([places - halves, places + halves])


def wrapped(title: str) -> str:
    """A title in lines that fit; brackets at its end that would be broken have a line of their own."""
    words, bracket, end = title.rpartition(" (")
    if bracket and len(title) > TITLE_CHARACTERS:
        return f"{textwrap.fill(words, TITLE_CHARACTERS)}\n({end}"
    return textwrap.fill(title, TITLE_CHARACTERS)


def legend_columns(labels: list[str]) -> int:
    """The largest number of columns in which a legend's entries, which run down the columns, fit."""
    for columns in range(len(labels), 1, -1):
        # As matplotlib fills them: the first columns take what is left over.
        split = np.array_split(labels, columns)
        if sum(max(map(len, column)) + LEGEND_HANDLE for column in split) <= LEGEND_CHARACTERS:
            return columns
    return 1


def logarithmic(axis: Axis) -> None:
    """Give an axis a logarithmic scale with plain numbers, at 1, 2 and 5 where the range is narrow."""
    low, high = axis.get_data_interval()
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    narrow = low > 0 and high / low < NARROW
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
