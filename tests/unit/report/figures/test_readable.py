"""Figures that can be read: nothing drawn beyond what can be, no text over another, text large enough."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from helpers import report_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.report.answer.other import best_other
from tms.report.cell_lookup import Reading
from tms.report.compared import ComparedNumber
from tms.report.figures import all_figures, direct_labels, figure, palette

COMPARED = [
    ComparedNumber("tiny", "table9", "sft", "gsm8k", "", 77.3, Reading(75.0, 72.0, 79.0), "yes", ""),
    ComparedNumber("tiny", "table1", "sft", "math", "500", 52.5, Reading(50.0, 48.0, 52.0), "no", ""),
]


def wide(cell: dict) -> dict:
    """The cell with an interval over seeds as few seeds give, far beyond what its quantity can be."""
    if cell["seeds_low"] is None:
        return cell
    return cell | {"seeds_low": cell["value"] - 3.0, "seeds_high": cell["value"] + 3.0}


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> dict[str, figure.Figure]:
    """Every figure of a model that has every experiment, as it was saved, with wide intervals over seeds."""
    saved, folder = {}, tmp_path_factory.mktemp("readable")
    with pytest.MonkeyPatch.context() as patch:
        save = figure.Figure.save
        patch.setattr(
            figure.Figure, "save", lambda one, into: saved.update({one.name: one}) or save(one, into)
        )
        cells = [wide(cell) for cell in report_cells.MadeCells("tiny").all()]
        all_figures.draw(folder, [report_cells.lookup(cells=cells)], COMPARED)
    for one in saved.values():
        one.folder = folder
        one.figure.draw_without_rendering()  # places, after the PNG had others
    return saved


def inside(values: np.ndarray, bounds: tuple) -> bool:
    low, high = (
        np.inf * sign if bound is None else bound for sign, bound in zip((-1, 1), bounds, strict=True)
    )
    return bool((values >= low - 1e-9).all() and (values <= high + 1e-9).all())


def test_nothing_is_drawn_beyond_what_can_be(figures):
    for name, one in figures.items():
        if name == "compare":  # scores, entropies and losses beside each other
            continue
        for axes in filter(lambda axes: axes.axison, one.panels):
            ranges = one._ranges[axes]
            assert any(bound is not None for bounds in ranges for bound in bounds), name
            drawn = [line.get_xydata() for line in axes.lines if line.get_transform() == axes.transData]
            drawn += [segment for group in axes.collections for segment in group.get_segments()]
            for place, bounds in enumerate(ranges):
                limits = np.array([axes.get_xlim, axes.get_ylim][place]())
                assert inside(limits, bounds), (name, bounds, limits)
                assert all(inside(np.array(points)[:, place], bounds) for points in drawn), (name, bounds)


def texts_of(one: figure.Figure) -> list:
    """Everything that a figure writes: titles, numbers at the axes, their names, labels, the legend."""
    written = [
        one.figure._suptitle,
        *one.labels,
        *(text for legend in one.figure.legends for text in legend.texts),
    ]
    for axes in filter(lambda axes: axes.axison, one.panels):
        written += [axes.title, axes.xaxis.label, axes.yaxis.label]
        written += [tick.label1 for axis in (axes.xaxis, axes.yaxis) for tick in axis._update_ticks()]
    return [text for text in written if text.get_visible() and text.get_text().strip()]


def test_no_text_lies_on_another_or_outside(figures):
    for name, one in figures.items():
        renderer = one.figure.canvas.get_renderer()
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts_of(one)]
        for (first, box), (second, other) in itertools.combinations(boxes, 2):
            over = (
                min(box.x1, other.x1) - max(box.x0, other.x0),
                min(box.y1, other.y1) - max(box.y0, other.y0),
            )
            assert min(over) < 1.5, f"{name}: {first!r} on {second!r}"
        whole = one.figure.bbox
        for text, box in boxes:
            ends = box.x0, box.y0, whole.x1 - box.x1, whole.y1 - box.y1
            assert min(ends) > -2, f"{name}: {text!r} leaves the figure by {min(ends):.1f}"


def test_named_points_are_not_hidden_by_labels(figures):
    for name, one in figures.items():
        renderer = one.figure.canvas.get_renderer()
        for text, label in zip(one.labels, one._labels, strict=True):
            box = text.get_window_extent(renderer)
            for other in (other for other in one._labels if other.axes is label.axes):
                x, y = other.axes.transData.transform((other.x, other.y))
                assert not (box.x0 < x < box.x1 and box.y0 < y < box.y1), (
                    f"{name}: {label.text} on {other.text}"
                )


def test_legends_are_smaller_than_plots(figures):
    for name, one in figures.items():
        renderer = one.figure.canvas.get_renderer()
        plots = sum(axes.bbox.width * axes.bbox.height for axes in one.panels)
        for legend in one.figure.legends:
            box = legend.get_window_extent(renderer)
            assert box.width * box.height < 0.3 * plots, name


def test_text_is_large_enough_on_a_phone(figures):
    """A phone shows a figure 360 pixels wide, so that a point of it is a pixel."""
    for name, one in figures.items():
        root = ElementTree.parse(one.folder / f"{name}.svg").getroot()
        assert float(root.get("viewBox").split()[2]) == pytest.approx(360), name
        sizes = [
            float(re.search(r"font-size:([\d.]+)px", element.get("style"))[1])
            for element in root.iter("{http://www.w3.org/2000/svg}text")
        ]
        assert sizes and min(sizes) >= palette.SMALLEST_TEXT, name


def test_figures_are_light(figures):
    sizes = {name: (one.folder / f"{name}.svg").stat().st_size for name, one in figures.items()}
    assert sum(sizes.values()) < 900_000 and max(sizes.values()) < 250_000, sizes
    for name, one in figures.items():
        text = (one.folder / f"{name}.svg").read_text()
        assert "<style" not in text and "<metadata" not in text
        assert not re.search(r' (d|x|y|transform)="[^"]*\d\.\d\d', text), name


def test_the_first_figure_names_the_rows_of_the_answer_alone(figures):
    one = figures["plane"]
    other = best_other(report_cells.lookup())
    named = [" ".join(text.get_text().split()) for text in one.labels]
    assert named == ["Base", "SFT", "TMS", other.label]
    assert not one.figure.legends
    colours = [line.get_markerfacecolor() for line in one.panels[0].lines if line.get_gid()]
    assert len(colours) == len(one.hovers) and colours.count(palette.BESIDE.colour) == len(colours) - 4


bounded = st.floats(0, 100)


@given(value=bounded, width=st.floats(0, 500), other=bounded)
@settings(max_examples=20, deadline=None)
def test_bars_and_panels_end_where_a_share_ends(value, width, other):
    one = figure.Figure("range", "A range")
    (axes,) = one.panels
    one.limit(axes, x=figure.SHARE, y=figure.LOSS)
    bars = {
        "low": value - width,
        "high": value + width,
        "seeds_low": value - 2 * width,
        "seeds_high": value + width,
    }
    one.point(axes, Reading(value, **bars), Reading(-other), palette.KINDS["tms"], "TMS")
    one._draw_error_bars()
    one._set_limits()
    drawn = [segment for group in axes.collections for segment in group.get_segments()]
    assert all(inside(segment[:, 0], (0, 100)) for segment in drawn)
    assert inside(np.array(axes.get_xlim()), (0, 100)) and inside(np.array(axes.get_ylim()), (-100, 0))
    assert axes.get_xlim()[0] <= value <= axes.get_xlim()[1]


@given(points=st.lists(st.tuples(bounded, bounded), min_size=2, max_size=9))
@settings(max_examples=6, deadline=None)
def test_labels_of_crowded_points_do_not_overlap(points):
    one = figure.Figure("crowd", "A crowd")
    (axes,) = one.panels
    for place, (x, y) in enumerate(points):
        one.point(axes, x, Reading(y), palette.KINDS["tms"], "TMS", label=f"Method {place}")
    one.finish()
    renderer = one.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in one.labels]
    for box, other in itertools.combinations(boxes, 2):
        assert (
            min(min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0))
            < 1
        )
    for box in boxes:
        assert axes.bbox.x0 - 1 <= box.x0 and box.x1 <= axes.bbox.x1 + 1


def test_a_far_label_is_tied_to_its_point():
    one = figure.Figure("far", "A label")
    (axes,) = one.panels
    for _ in range(9):
        one.point(axes, 1.0, Reading(1.0), palette.KINDS["tms"], "TMS", label="all at one place")
    before = len(axes.lines)
    one.finish()
    offsets = [np.hypot(*text.xyann) for text in one.labels]
    assert max(offsets) > direct_labels.TIED and len(axes.lines) > before
