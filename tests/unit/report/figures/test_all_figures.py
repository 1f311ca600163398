"""Figures: what is drawn is what was measured, readable without colour, the same bytes each time."""

import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers import report_cells
from matplotlib.colors import to_hex
from PIL import Image

from tms.experiments import labels
from tms.report.cell_lookup import NotMeasuredError, Reading
from tms.report.compared import ComparedNumber
from tms.report.figures import (
    all_figures,
    correlations,
    curves,
    figure,
    palette,
    planes,
    scatter,
    sweeps,
    training,
)
from tms.report.figures import (
    bars as figures_bars,
)
from tms.report.tables import all_tables
from tms.report.wording import PERCENT, spoken

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = r"(-?[\d.]+(?:e[+-]?\d+)?)"
COMPARED = [
    ComparedNumber("tiny", "table9", "sft", "gsm8k", "", 77.3, Reading(75.0, 72.0, 79.0), "yes", ""),
    ComparedNumber("tiny", "table9", "tms", "gsm8k", "", 76.8, None, "not measured", "not evaluated"),
    ComparedNumber("tiny", "table1", "sft", "math", "500", 52.5, Reading(50.0, 48.0, 52.0), "no", ""),
]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Folder with every figure of a model that has every experiment."""
    folder = tmp_path_factory.mktemp("figures")
    all_figures.draw(folder, [report_cells.lookup()], COMPARED)
    return folder


def test_averages_are_a_third_side_of_the_frontier(monkeypatch, tmp_path):
    methods = ["sft", "tms", "average_25", "average_50", "average_75"]
    monkeypatch.setitem(report_cells.EXPERIMENTS, "frontier", methods)
    made = report_cells.MadeCells()
    where = {"method": "tms", "group": "average", "prompts": "test", "p_value": 0.3}
    more = [made.cell("frontier", "area_difference", 0.02, 0.03, **where)]
    lookup = report_cells.lookup(cells=[*made.frontier(), *more])
    index = all_figures.draw(tmp_path, [lookup], [])
    assert [entry["name"] for entry in index if entry["drawn"]] == ["frontier"]
    texts = hovers(tmp_path / "frontier.svg")
    for share in (25, 50, 75):
        assert any(text.startswith(f"Averaged {share}") for text in texts)
    written = [element.text for element in ElementTree.parse(tmp_path / "frontier.svg").iter(f"{SVG}text")]
    assert {"SFT", "TMS", "Averaged"} <= set(written)


def test_of_many_sides_each_beside_sft_and_tms_has_a_panel(monkeypatch, tmp_path):
    methods = ["sft", "tms", "average_25", "average_50", "trsft", "grpo"]
    monkeypatch.setitem(report_cells.EXPERIMENTS, "frontier", methods)
    lookup = report_cells.lookup(cells=report_cells.MadeCells().frontier())
    figure = all_figures.frontier.frontier(lookup, {})
    titles = [axes.get_title().partition(",")[0] for axes in figure.panels]
    assert titles == ["SFT; TMS", "Averaged", "TrSFT", "GRPO"]
    assert all(axes.axison for axes in figure.panels)
    # Each has the base, its own points, and lines for the fronts of SFT and TMS.
    looks = all_figures.frontier.side_styles(lookup)
    assert len({look.colour for look in looks.values()}) == len(looks)
    assert len(figure.hovers) == 4 * 1 + len(lookup.cells("frontier", "target_mean", prompts="test")) - 1


def hovers(file: Path) -> list[str]:
    """Hover texts of an SVG's points and bars, in their order."""
    root = ElementTree.parse(file).getroot()
    texts_by_id = {
        element.get("id"): element.find(f"{SVG}title").text
        for element in root.iter(f"{SVG}g")
        if element.find(f"{SVG}title") is not None
    }
    assert all(identifier.startswith(f"{file.stem}-value") for identifier in texts_by_id)
    return list(texts_by_id.values())


def find(texts: list[str], start: str) -> str:
    """The one text that starts so."""
    (text,) = [text for text in texts if text.startswith(start)]
    return text


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def told(*cells: dict, factor: float = 1, unit: str = "") -> list[float]:
    """The numbers of cells as texts tell them."""
    readings = [Reading.of(cell).scaled(factor) for cell in cells]
    return [number for reading in readings for number in numbers(spoken("", reading, unit))]


def test_every_figure_is_listed_with_files_or_a_reason(drawn):
    index = json.loads((drawn / "index.json").read_text())
    assert {entry["name"] for entry in index} == {
        *(
            "plane",
            "learning",
            "frontier",
            "figure2a",
            "figure2b",
            "figure2c",
            "figure2d",
            "figure3",
            "figure4",
            "alpha",
        ),
        *(
            "mixture",
            "mismatch",
            "training",
            "losses",
            "diversity",
            "theorem61",
            "task_dependence",
            "compute",
            "compare",
        ),
    }
    for entry in index:
        assert entry["drawn"] != bool(entry["reason"])
        assert all(
            (drawn / f"{entry['name']}.{ending}").exists() == entry["drawn"] for ending in ("svg", "png")
        )
    assert [entry["name"] for entry in index if not entry["drawn"]] == ["figure3"]


@pytest.mark.parametrize(
    "experiments", [{"main": ["sft"], "mismatch": ["sft_long"]}, {"main": ["tms"]}, {"main": ["grpo"]}]
)
def test_a_model_without_sft_or_tms_has_its_figures_and_tables(tmp_path, experiments):
    """As of a study of which some units are made: what cannot be drawn says why."""
    methods = {name for chosen in experiments.values() for name in [*chosen, "base"]}
    own = [*experiments, "theorem61", "correlations", "training_curves", "frontier"]
    cells = [
        cell
        for cell in report_cells.MadeCells().all()
        if cell["experiment"] in own and cell["method"] in methods
    ]
    lookup = report_cells.lookup(cells=cells, experiments=experiments)
    for name, write in (("figures", all_figures.draw), ("tables", all_tables.write)):
        write(tmp_path / name, [lookup], [])
        index = json.loads((tmp_path / name / "index.json").read_text())
        reasons = {entry["name"]: entry["reason"] for entry in index if not entry["drawn"]}
        assert all(reasons.values()) and "theorem61" not in reasons


def test_marks_of_the_training_curves_tell_the_cells(drawn):
    lookup = report_cells.lookup()
    texts = hovers(drawn / "training.svg")
    assert len(texts) == len(set(texts)) == 5 * 2 * 3 * 10  # quantities, tasks, methods, marks
    (cell,) = [
        cell
        for cell in lookup.cells("training_curves", "kl", method="reinforce", train_task="chain")
        if cell["x"] == 3.0
    ]
    text = find(texts, "REINFORCE on chain, step 3: KL to base ").partition("KL to base ")[2]
    assert numbers(text) == told(cell)


def test_lines_of_the_training_curves_hold_every_step():
    lookup = report_cells.lookup()
    styles = palette.assign(lookup.info.kinds)
    drawn = training.training(lookup, styles)
    lines = [line for line in drawn.panels[1].lines if line.get_linestyle() != "None"]
    assert [line.get_color() for line in lines] == [styles[name].colour for name in report_cells.ON_POLICY]
    cells = lookup.cells("training_curves", "reward", method="trapo", train_task="mini_countdown")
    assert lines[2].get_xydata().tolist() == [
        [cell["x"], pytest.approx(100 * cell["value"])] for cell in cells
    ]


def test_without_on_policy_methods_there_are_no_training_curves(tmp_path):
    some = {"alpha": report_cells.EXPERIMENTS["alpha"]}
    index = {
        entry["name"]: entry
        for entry in all_figures.draw(tmp_path, [report_cells.lookup(experiments=some)], [])
    }
    assert index["training"]["reason"] == "models.tiny has no on-policy method in experiment main"


@pytest.mark.parametrize("count, number", [(1, 10), (7, 10), (64, 10), (400, 5)])
def test_marks_of_several_curves_take_turns(count, number):
    places = [training.marked(count, number, shift) for shift in (0, 1 / 3, 2 / 3)]
    assert all(0 <= place < count for own in places for place in own)
    assert all(len(own) == min(count, number) for own in places)
    if count > 3 * number:
        assert not set(places[0]) & set(places[1]) and not set(places[1]) & set(places[2])


@pytest.mark.parametrize("draw", [planes.plane, planes.figure2c, planes.compute, correlations.figure2a])
def test_sft_and_tms_lie_above_what_is_grey(draw):
    lookup = report_cells.lookup()
    styles = palette.assign(lookup.info.kinds)
    for axes in draw(lookup, styles).panels:
        marks = [line for line in axes.lines if line.get_linestyle() == "None"]
        grey = [line.get_zorder() for line in marks if line.get_markerfacecolor() == palette.BESIDE.colour]
        for method in ("sft", "tms"):
            own = [line.get_zorder() for line in marks if line.get_markerfacecolor() == styles[method].colour]
            assert own and min(own) > max(grey)


@pytest.mark.parametrize("factor, scale", [(1, "linear"), (30, "log")])
def test_costs_far_apart_have_a_logarithmic_axis(factor, scale):
    cells = [
        cell | {"value": factor * cell["value"]}
        if cell["method"] == "grpo" and cell["quantity"].startswith("cost.")
        else cell
        for cell in report_cells.MadeCells("tiny").all()
    ]
    lookup = report_cells.lookup(cells=cells)
    drawn = planes.compute(lookup, palette.assign(lookup.info.kinds))
    assert {axes.get_xscale() for axes in drawn.panels} == {scale}


def test_tokens_on_which_a_frozen_model_is_computed_too_are_trained_tokens():
    """They count once."""
    tokens = {"cost.trained_tokens": 300e3, "cost.frozen_tokens": 200e3, "cost.generated_tokens": 0.0}
    cells = report_cells.MadeCells("tiny").all()
    lookup = report_cells.lookup(
        cells=[cell | {"value": tokens.get(cell["quantity"], cell["value"])} for cell in cells]
    )
    texts = planes.compute(lookup, palette.assign(lookup.info.kinds)).hovers.values()
    assert texts and all(": 300,000 tokens;" in text for text in texts)


def test_missing_experiments_have_reasons(tmp_path):
    some = {"alpha": report_cells.EXPERIMENTS["alpha"]}
    (tmp_path / "frontier.svg").write_text("of an earlier call")
    index = {
        entry["name"]: entry
        for entry in all_figures.draw(tmp_path, [report_cells.lookup(experiments=some)], [])
    }
    assert index["frontier"]["reason"] == "models.tiny has no experiment frontier"
    assert index["figure2c"]["reason"] == "models.tiny has no experiment main"
    assert "this scope has 0" in index["figure3"]["reason"]
    assert not (tmp_path / "frontier.svg").exists()
    assert index["alpha"]["drawn"] and (tmp_path / "alpha.svg").exists()


def test_cells_without_values_draw_nothing():
    cells = [cell | {"value": None} for cell in report_cells.MadeCells("tiny").all()]
    with pytest.raises(NotMeasuredError, match=r"experiment alpha of models\.tiny: nothing was measured"):
        sweeps.alpha(report_cells.lookup(cells=cells), {})


def test_points_tell_the_cells(drawn):
    lookup = report_cells.lookup()
    texts = hovers(drawn / "figure2c.svg")
    for method in ("base", "sft", "tms", "tms_t4"):
        experiment = "checkpoints" if method == "tms_t4" else "main"
        text = find(texts, f"{labels.method(method)}: ").partition(": ")[2]
        where = {"method": method, "train_task": "", "prompts": "", "checkpoint": ""}
        cells = [
            cell for name in ("target_mean", "forgetting") for cell in lookup.cells(experiment, name, **where)
        ]
        expected = told(*cells, factor=100, unit=PERCENT)
        assert numbers(text) == ([*expected[: len(expected) // 2], 0.0] if method == "base" else expected)


def test_bars_tell_the_cells(drawn):
    cells = report_cells.lookup().cells("diversity", "ans_ent", method="sft", train_task="chain")
    assert numbers(find(hovers(drawn / "diversity.svg"), "SFT, chain: AnsEnt ")) == told(*cells)


def test_a_point_is_where_its_value_is(tmp_path):
    drawn = figure.Figure("place", "A point")
    axes = drawn.panels[0]
    drawn.point(axes, 3.0, Reading(62.5, 60.0, 64.0, 55.0, 70.0), palette.KINDS["tms"], "TMS")
    drawn.save(tmp_path)
    (marker,) = axes.lines
    assert (list(marker.get_xdata()), list(marker.get_ydata())) == ([3.0], [62.5])
    bars = {
        collection.get_linewidth()[0]: collection.get_segments()[0].tolist()
        for collection in axes.collections
    }
    assert bars == {3.5: [[3.0, 55.0], [3.0, 70.0]], 1.1: [[3.0, 60.0], [3.0, 64.0]]}


def test_the_frontier_joins_what_validation_selected(drawn):
    lookup = report_cells.lookup()
    selected = lookup.cells("frontier", "target_mean", prompts="test", note="selected")
    texts = [text for text in hovers(drawn / "frontier.svg") if "selected on validation" in text]
    assert sorted(numbers(text.split("target")[1])[0] for text in texts) == sorted(
        told(cell, factor=100, unit=PERCENT)[0] for cell in selected
    )


def test_the_dumbbell_shows_only_what_both_measured(drawn):
    assert sorted(hovers(drawn / "compare.svg")) == [
        "tiny: SFT, 500 steps, MATH: ours 50.0 [48.0, 52.0]",
        "tiny: SFT, 500 steps, MATH: paper 52.5",
        "tiny: SFT, GSM8K: ours 75.0 [72.0, 79.0]",
        "tiny: SFT, GSM8K: paper 77.3",
    ]


def test_several_models_share_the_figures_that_compare_them(tmp_path):
    some = {"main": report_cells.EXPERIMENTS["main"]}
    sizes = {"small": 1e9, "large": 3e9}
    lookups = [report_cells.lookup(name, experiments=some, parameters=size) for name, size in sizes.items()]
    index = {entry["name"]: entry for entry in all_figures.draw(tmp_path, lookups, COMPARED)}
    assert [name for name, entry in index.items() if entry["drawn"]] == ["figure3", "compare"]
    (cell,) = lookups[1].cells("main", "xfer", method="tms", train_task="")
    text = find(hovers(tmp_path / "figure3.svg"), "TMS, large: transfer")
    assert numbers(text) == told(cell, factor=100, unit=PERCENT)


@pytest.mark.parametrize(
    "draw", [planes.figure2c, figures_bars.diversity, scatter.theorem61, curves.mismatch]
)
def test_the_same_numbers_give_the_same_bytes(draw, tmp_path):
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        lookup = report_cells.lookup()
        draw(lookup, palette.assign(lookup.info.kinds)).save(tmp_path / place)
    for file in (tmp_path / "first").iterdir():
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes()


def test_pages_can_hold_all_figures(drawn):
    """Text is text, ids are of one figure alone, and each figure has a title and a description."""
    seen: set[str] = set()
    for file in sorted(drawn.glob("*.svg")):
        root = ElementTree.parse(file).getroot()
        identifiers = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(set(identifiers)) == len(identifiers)
        assert not seen & set(identifiers)
        seen |= set(identifiers)
        used = set(re.findall(r"(?:url\(#|href=\"#)([^\")]+)", file.read_text()))
        assert used <= set(identifiers)
        assert root.find(f"{SVG}title").text and root.find(f"{SVG}desc").text
        assert set(root.get("aria-labelledby").split()) <= set(identifiers)
        assert next(root.iter(f"{SVG}text"), None) is not None
        assert "<dc:date>" not in file.read_text() and "/usr/" not in file.read_text()
        assert Image.open(file.with_suffix(".png")).width == pytest.approx(750, abs=2)


def test_methods_differ_without_colour():
    """In a figure no two methods share marker and filling; kinds differ in line and hatch too."""
    methods = [name for chosen in report_cells.EXPERIMENTS.values() for name in chosen]
    styles = palette.assign({name: report_cells.kind(name) for name in methods})
    places = [(look.marker, look.filled) for look in styles.values()]
    assert len(set(places)) == len(places) == len(set(methods)) + 1
    assert len({look.line for look in palette.KINDS.values()}) == len(palette.KINDS)


@pytest.mark.parametrize(
    "pair",
    [
        *itertools.combinations(["base", "sft", "grpo", "tms"], 2),
        *itertools.combinations(["grpo", "reinforce", "trapo"], 2),  # lines of one panel
    ],
)
def test_main_methods_differ_in_a_grey_print(pair):
    first, second = (palette.lightness(palette.KINDS[name].colour) for name in pair)
    assert abs(first - second) > 10


def test_lightness_of_known_colours():
    assert palette.lightness("#FFFFFF") == pytest.approx(100)
    assert palette.lightness("#000000") == 0
    assert palette.lightness("#777777") == pytest.approx(50, abs=0.1)


def test_the_front_is_that_of_the_cells():
    """Whatever the correlations' cells call the front is drawn: there is one rule for it."""
    chosen = ["self_sft", "tms_alpha75", "sft"]
    cells = [
        cell | {"value": float(cell["method"] in chosen)} if cell["quantity"] == "pareto.forgetting" else cell
        for cell in report_cells.MadeCells("tiny").all()
    ]
    lookup = report_cells.lookup(cells=cells)
    drawn = planes.figure2c(lookup, palette.assign(lookup.info.kinds))
    (front,) = [line for line in drawn.panels[0].lines if line.get_drawstyle() == "steps-pre"]
    expected = sorted(
        [100 * lookup.reading(experiment, name, method).value for name in ("target_mean", "forgetting")]
        for method, experiment in zip(chosen, ("main", "alpha", "main"), strict=True)
    )
    assert front.get_xydata().tolist() == expected


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_interval_over_seeds_has_its_own_colour(count, tmp_path):
    drawn = figure.Figure("colours", "Some points")
    styles = [palette.KINDS[name] for name in ("tms", "sft", "grpo")][:count]
    for place, look in enumerate(styles):
        drawn.point(drawn.panels[0], place, Reading(2.0, seeds_low=1.0, seeds_high=3.0), look, "TMS")
    drawn.save(tmp_path)
    (wide,) = drawn.panels[0].collections
    assert [to_hex(colour).upper() for colour in wide.get_colors()] == [look.colour for look in styles]


@pytest.mark.parametrize("zero", [True, False])
def test_left_sides_of_zero_are_told_only_where_there_are_some(zero):
    cells = [
        cell | {"value": (0.0 if zero else 0.1)} if cell["quantity"] == "left" else cell
        for cell in report_cells.MadeCells("tiny").all()
    ]
    lookup = report_cells.lookup(cells=cells)
    caption = scatter.theorem61(lookup, palette.assign(lookup.info.kinds)).caption
    assert ("whose score did not change" in caption) == zero


def test_scores_of_the_long_run_end_at_0_and_100(tmp_path):
    cells = report_cells.MadeCells("tiny").all()
    wide = [
        cell | {"seeds_low": -0.9, "seeds_high": 1.9} if cell["seeds_low"] is not None else cell
        for cell in cells
    ]
    drawn = curves.mismatch(report_cells.lookup(cells=wide), {})
    drawn.save(tmp_path)
    for axes in drawn.panels[2:]:
        low, high = axes.get_ylim()
        assert 0 <= low < high <= 100


def test_a_long_run_without_scores_has_its_losses_alone(tmp_path):
    cells = report_cells.MadeCells("tiny").all()
    losses = [cell for cell in cells if cell["experiment"] != "mismatch" or "nll" in cell["quantity"]]
    drawn = curves.mismatch(report_cells.lookup(cells=losses), {})
    drawn.save(tmp_path)
    assert len(drawn.panels) == 2 and "scores" not in drawn.caption
    assert all(axes.get_xlabel() == "optimiser steps" for axes in drawn.panels)


def test_legends_use_as_many_columns_as_fit():
    assert figure.legend_columns(["SFT", "TMS"]) == 2
    assert figure.legend_columns(["a" * 60, "b" * 60]) == 1
    assert 1 < figure.legend_columns(["a method's name"] * 20) < 20


def test_a_correlation_has_the_digits_that_its_interval_carries():
    assert correlations._short(Reading(0.2912, -0.4633, 0.8791)) == "0.3 [-0.5, 0.9]"
    assert correlations._short(Reading(0.8612, 0.7744, 0.9691)) == "0.86 [0.77, 0.97]"
