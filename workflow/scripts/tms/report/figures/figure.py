"""A figure whose points and bars tell their values: drawn once, saved as SVG and PNG."""

import io
import math
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
from matplotlib import figure as mpl_figure
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tms.report.cell_lookup import Reading
from tms.report.figures import palette
from tms.report.figures.palette import Style

SVG = "http://www.w3.org/2000/svg"
NAMESPACES = {"": SVG, "xlink": "http://www.w3.org/1999/xlink"}
LEGEND_CHARACTERS = 104  # letters that fit into a line of a legend under a figure of full width
LEGEND_HANDLE = 8.5  # letters that an entry's handle and the gap to the next one take
LEGEND_LINE = 0.185  # inches
BARS = {
    "seeds": {"linewidths": 4.5, "alpha": 0.25, "zorder": 2.5},
    "examples": {"linewidths": 1.2, "zorder": 3},
}
NARROW = 200  # ratio of the ends of a logarithmic axis up to which it has more numbers than powers of 10
PADDING = 0.07  # inches around panels: fonts are a little wider in some viewers
WIDTH = 7.4  # inches


class Figure:
    """One figure: panels, marks with hover values, and a legend outside of the panels.

    Args:
        name: its file name without ending; also the prefix of every id in the SVG.
        title: printed above it.
        rows, columns: its panels.
        height: inches, without the legend.
    """

    def __init__(self, name: str, title: str, rows: int = 1, columns: int = 1, height: float = 3.6, **axes):
        self.name, self.title, self.caption = name, title, ""
        self.figure = mpl_figure.Figure(figsize=(WIDTH, height), layout="constrained")
        self.figure.get_layout_engine().set(w_pad=PADDING, h_pad=PADDING)
        grid = self.figure.subplots(rows, columns, squeeze=False, **axes)
        self.figure.suptitle(title)
        self.panels: list[Axes] = list(grid.flat)
        self.hovers: dict[str, str] = {}
        self._legend: dict[str, object] = {}
        self._bars: dict[tuple[Axes, str], list] = defaultdict(list)

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
    ) -> None:
        """A marker with its error bars: thin for the interval over examples, wide and light for seeds."""
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
            markeredgecolor=palette.BLACK if full else style.colour,
            markeredgewidth=0.6 if full else 1.4,
            gid=self._hover(text),
            zorder=4,
        )

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
        """Draw what was noted, all bars of a panel at once."""
        for (axes, name), noted in self._bars.items():
            ends, colours = zip(*noted, strict=True)
            # Not as a tuple: matplotlib takes a tuple of two for one colour and its alpha.
            axes.add_collection(LineCollection(ends, colors=list(colours), **BARS[name]))
            axes.autoscale_view()
        self._bars.clear()

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
                "markeredgecolor": palette.BLACK if full else style.colour,
                "markeredgewidth": 0.6 if full else 1.4,
            }
        self._legend[label] = Line2D([], [], **(drawn | options))

    def save(self, folder: Path) -> None:
        """Write `{name}.svg` and `{name}.png`: the same bytes for the same numbers."""
        self._draw_error_bars()
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
                handlelength=2.6,
                columnspacing=1.5,
            )
        drawn = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": self.name}):
            self.figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        self.figure.set_layout_engine("none")  # the PNG has the same places
        self.figure.savefig(folder / f"{self.name}.png", dpi=palette.PNG_DPI, metadata={"Software": None})
        (folder / f"{self.name}.svg").write_bytes(self._spoken(drawn.getvalue()))

    def _spoken(self, drawn: bytes) -> bytes:
        """The SVG with a title and description of the whole, and of each point or bar."""
        for prefix, address in NAMESPACES.items():
            ElementTree.register_namespace(prefix, address)
        root = ElementTree.fromstring(drawn)
        for element in root.iter(f"{{{SVG}}}g"):
            identifier = element.get("id")
            if identifier in self.hovers:
                title = ElementTree.Element(f"{{{SVG}}}title")
                title.text = self.hovers[identifier]
                element.insert(0, title)
            elif identifier:  # a page may hold many figures
                element.set("id", f"{self.name}-{identifier}")
        for place, (tag, text) in enumerate((("title", self.title), ("desc", self.caption))):
            element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{self.name}-{tag}"})
            element.text = text
            root.insert(place, element)
        root.set("role", "img")
        root.set("aria-labelledby", f"{self.name}-title {self.name}-desc")
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


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
