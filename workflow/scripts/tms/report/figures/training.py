"""Runs while they train: what is watched of on-policy methods, and losses on texts at checkpoints."""

from dataclasses import replace

from matplotlib.ticker import MaxNLocator

from tms.experiments import labels
from tms.experiments.measure_cells import ALONG
from tms.mixture.checkpoints import parse_point
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import SHARE, SIZE, Figure
from tms.report.figures.palette import Style
from tms.report.model_info import NAMED
from tms.report.wording import PERCENT, heading, spoken

# Quantity -> label of its row, name and unit in a hover value, factor, what it can be.
WATCHED = {
    "reward": ("reward\n(%)", "reward", PERCENT, 100, SHARE),
    "kl": ("KL to base\n(nats)", "KL to base", " nats / completion", 1, SIZE),
    "entropy": ("entropy\n(nats / token)", "entropy", " nats / token", 1, SIZE),
    "length": ("length\n(tokens)", "length", " tokens", 1, SIZE),
    "truncated": ("truncated\n(%)", "truncated", PERCENT, 100, SHARE),
}
# Marks of a curve, over all columns: as many as tell lines apart and do not hide one another.
MARKS, FEWEST_MARKS, MOST_MARKS = 20, 5, 10
ROW_HEIGHT = 1.2  # inches


def training(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Reward, KL to the base, entropy, length and truncation of rollouts: a row each, a column a target task.

    Raises:
        NotMeasuredError: the model's experiment main has no on-policy method, or nothing was measured.
    """
    if not lookup.info.on_policy:
        raise NotMeasuredError(f"models.{lookup.info.model} has no on-policy method in experiment main")
    lookup.require("training_curves")
    tasks = lookup.info.suite.targets
    figure = Figure(
        "training",
        heading("Training of the on-policy methods", lookup),
        rows=len(WATCHED),
        columns=len(tasks),
        height=0.6 + ROW_HEIGHT * len(WATCHED),
        sharex="col",
        sharey="row",
    )
    number = min(max(MARKS // len(tasks), FEWEST_MARKS), MOST_MARKS)
    for row, (quantity, (label, *_, possible)) in enumerate(WATCHED.items()):
        for column, task in enumerate(tasks):
            axes = figure.panels[row * len(tasks) + column]
            figure.limit(axes, x=SIZE, y=possible)
            for place, method in enumerate(lookup.info.on_policy):
                curve = _curve(lookup, quantity, method, task)
                places = marked(len(curve), number, place / len(lookup.info.on_policy))
                _draw(figure, axes, curve, places, styles[method], quantity, method, task)
            axes.yaxis.set_major_locator(MaxNLocator(4))
            if row == 0:
                axes.set_title(labels.benchmark(task))
            if row == len(WATCHED) - 1:
                axes.set_xlabel("optimiser steps")
                axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        figure.panels[row * len(tasks)].set_ylabel(label)
    figure.figure.align_ylabels(figure.panels[:: len(tasks)])
    figure.caption = (
        "Means over the seeds at each step, with marks at some. The reward is the verifier's on training "
        "prompts, no score on a benchmark."
    )
    return figure


def losses(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Losses at each run's checkpoints: a panel for each target's held-out references, then for other texts.

    Raises:
        NotMeasuredError: the model's suite asks for no measures beside the scores.
    """
    lookup.require("main")
    suite = lookup.info.suite
    if not (suite.beside or suite.unscored):
        raise NotMeasuredError(f"models.{lookup.info.model}: its suite has neither `general` nor grader none")
    found = {
        (cell["prompts"], cell["train_task"] if cell["prompts"] == "heldout" else "")
        for cell in lookup.cells("main", ALONG)
        if cell["train_task"] or cell["prompts"] != "heldout"
    }
    panels = [("heldout", target) for target in suite.targets] + [(name, "") for name in suite.beside]
    if not (panels := [panel for panel in panels if panel in found]):
        raise NotMeasuredError("experiment main: no loss was measured along its runs")
    title = heading("Losses along the runs", lookup)
    rows = len(panels)
    figure = Figure("losses", title, rows=rows, height=0.6 + 1.7 * rows, sharex=True)
    for axes, (texts, task) in zip(figure.panels, panels, strict=True):
        figure.limit(axes, x=(0, 1), y=SIZE)
        name = f"{labels.benchmark(task)}: held-out references" if task else labels.benchmark(texts)
        for method in sorted(lookup.info.experiments["main"], key=lambda method: method not in NAMED):
            cells = lookup.cells("main", ALONG, method=method, train_task=task, prompts=texts)
            shares = [float(parse_point(cell["checkpoint"])) for cell in cells]
            named = method in NAMED
            style = styles[method] if named else replace(palette.BESIDE, colour=palette.GREY, marker=".")
            figure.line(axes, shares, [cell["value"] for cell in cells], style, zorder=2 + named)
            for share, cell in zip(shares, cells, strict=True):
                reading = Reading.of(cell)
                told = f"{labels.method(method)} at {share:g} of the run, "
                told += spoken(name, reading, " nats / token")
                shown = reading if named else Reading(reading.value)
                figure.point(axes, share, shown, style, told, size=4.5 if named else 3, above=named)
            name_shown = labels.method(method) if named else "other methods"
            figure.legend(name_shown, style, line=True, markersize=4.5 if named else 3)
        axes.set(title=name, ylabel="loss\n(nats / token)")
    figure.panels[-1].set_xlabel("share of the run")
    figure.caption = (
        "At 0 is the base. A loss that rises on general text says that the run moves away from what the base "
        "could do."
    )
    return figure


def _curve(lookup: CellLookup, quantity: str, method: str, task: str) -> list[Reading]:
    """A quantity's readings of a method's runs on a task, by step."""
    cells = lookup.cells("training_curves", quantity, method=method, train_task=task)
    return sorted(map(Reading.of, cells), key=lambda reading: reading.x)


def _draw(figure, axes, curve, places, style, quantity, method, task) -> None:
    """A line over every step, and marks with values at some."""
    if not curve:
        return
    _, word, unit, factor, _ = WATCHED[quantity]
    scaled = [reading.scaled(factor) for reading in curve]
    figure.line(axes, [reading.x for reading in scaled], [reading.value for reading in scaled], style)
    for reading in (scaled[place] for place in places):
        steps = reading.note.removeprefix("mean of ") or f"step {reading.x:g}"
        text = f"{labels.method(method)} on {labels.benchmark(task)}, {steps}: {spoken(word, reading, unit)}"
        figure.point(axes, reading.x, reading, style, text, size=4.5)
    figure.legend(labels.method(method), style, line=True, markersize=5)


def marked(count: int, number: int, shift: float) -> list[int]:
    """Places of `number` marks on a curve of `count` points.

    Args:
        shift: by which share of the space between two they are moved, so that several curves take turns.
    """
    space = max(count / number, 1)
    return sorted({min(int((place + shift) * space), count - 1) for place in range(min(number, count))})
