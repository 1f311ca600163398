"""Labels beside their points: where each finds room."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from tms.report.figures import palette

DISTANCES = (
    2,
    5,
    9,
    14,
    20,
    28,
    38,
    50,
    66,
    88,
)  # points between a marker's edge and its label, nearest first
ANGLES = tuple(
    math.radians(degrees)
    for degrees in (0, 180, 90, 270, 45, 315, 135, 225, 22, 338, 158, 202, 68, 292, 112, 248)
)
TIED = 9  # points from which on a line ties a label to its point
GAP = 0.8  # points that stay free around a label
# What a label costs, in points of distance, for each square point that it hides of a marker or a bar, or that
# lies on another label or outside of the panel.
MARKER, BAR, FORBIDDEN = 10.0, 1.0, 1e4


@dataclass(frozen=True)
class Label:
    """A point's name: its place in the data, and the size of its marker in points."""

    axes: Axes
    x: float
    y: float
    text: str
    size: float


def place(
    labels: Sequence[Label], marks: dict[Axes, np.ndarray], bars: dict[Axes, np.ndarray]
) -> list[Annotation]:
    """Write each label where it hides no other, no marker and no bar, as near as that allows.

    The first labels choose first. The panels' limits and places are final.

    Args:
        marks: boxes [marker, 4] of all markers by panel: left, bottom, right, top in pixels.
        bars: those of error bars and lines.
    """
    placed: dict[Axes, list[np.ndarray]] = {}
    texts = []
    for label in labels:
        axes, scale = label.axes, label.axes.figure.dpi / 72
        text = axes.annotate(
            label.text, (label.x, label.y), xytext=(0, 0), textcoords="offset points", zorder=6
        )
        text.set(color=palette.INK, annotation_clip=False, in_layout=False)
        extent = text.get_window_extent(axes.figure.canvas.get_renderer())
        size = np.array([extent.width, extent.height]) / scale
        centre = axes.transData.transform((label.x, label.y))
        hidden = (
            (MARKER, marks.get(axes, np.empty((0, 4)))),
            (BAR, bars.get(axes, np.empty((0, 4)))),
            (FORBIDDEN, np.array(placed.get(axes, [])).reshape(-1, 4)),
        )
        best = None
        for distance in DISTANCES:
            for angle in ANGLES:
                way = np.array([math.cos(angle), math.sin(angle)])
                corner = way * (distance + label.size / 2 + size / 2) - size / 2
                box = np.concatenate(
                    [centre + scale * (corner - GAP), centre + scale * (corner + size + GAP)]
                )
                cost = distance + sum(weight * _shared(box, boxes) for weight, boxes in hidden) / scale**2
                cost += FORBIDDEN * _outside(box, axes.bbox.extents) / scale**2
                if best is None or cost < best[0]:
                    best = cost, distance, corner, box
        _, distance, corner, box = best
        text.set_position(corner)
        placed.setdefault(axes, []).append(box)
        texts.append(text)
        if distance >= TIED:
            _tie(label, centre, box)
    return texts


def _shared(box: np.ndarray, boxes: np.ndarray) -> float:
    """Area that a box shares with others, summed."""
    widths = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    heights = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    return float((widths.clip(0) * heights.clip(0)).sum())


def _outside(box: np.ndarray, panel: np.ndarray) -> float:
    """Area of a box outside of its panel."""
    return float((box[2] - box[0]) * (box[3] - box[1])) - _shared(box, panel[None])


def _tie(label: Label, centre: np.ndarray, box: np.ndarray) -> None:
    """Draw a thin line from the marker's edge to the label."""
    end = np.clip(centre, box[:2], box[2:])
    way = (end - centre) / np.linalg.norm(end - centre)
    start = centre + way * label.size / 2 * label.axes.figure.dpi / 72
    xs, ys = label.axes.transData.inverted().transform([start, end]).T
    label.axes.add_line(Line2D(xs, ys, color=palette.RULE_DARK, linewidth=0.7, zorder=3.5, clip_on=False))
