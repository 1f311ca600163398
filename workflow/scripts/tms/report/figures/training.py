"""The on-policy methods while they train: what is watched, along their optimiser steps."""

from matplotlib.ticker import MaxNLocator

from tms.experiments import labels
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.figures.figure import Figure
from tms.report.figures.style import Style
from tms.report.model_info import ModelInfo
from tms.report.wording import PERCENT, heading, spoken

# Quantity -> label of its row, name and unit in a hover value, factor.
WATCHED = {
    "reward": ("reward (%)", "reward", PERCENT, 100),
    "kl": ("KL to base\n(nats)", "KL to base", " nats / completion", 1),
    "entropy": ("entropy\n(nats / token)", "entropy", " nats / token", 1),
    "length": ("length\n(tokens)", "length", " tokens", 1),
    "truncated": ("truncated (%)", "truncated", PERCENT, 100),
}
# Marks of a curve, over all columns: as many as tell lines apart and do not hide one another.
MARKS, FEWEST_MARKS, MOST_MARKS = 20, 5, 10
ROW_HEIGHT = 1.35  # inches


def training(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Reward, KL to the base, entropy, length and truncation of rollouts: a row each, a column a target task.

    Raises:
        NotDrawnError: the model's experiment main has no on-policy method, or nothing was measured.
    """
    if not subject.on_policy:
        raise NotDrawnError(f"models.{subject.model} has no on-policy method in experiment main")
    book.require(subject.model, "training")
    tasks = subject.suite.targets
    sheet = Figure(
        "training",
        heading("Training of the on-policy methods", book, subject.model),
        rows=len(WATCHED),
        columns=len(tasks),
        height=0.6 + ROW_HEIGHT * len(WATCHED),
        sharex="col",
        sharey="row",
    )
    number = min(max(MARKS // len(tasks), FEWEST_MARKS), MOST_MARKS)
    for row, (quantity, (label, *_)) in enumerate(WATCHED.items()):
        for column, task in enumerate(tasks):
            axes = sheet.panels[row * len(tasks) + column]
            for place, method in enumerate(subject.on_policy):
                found = _curve(book, subject.model, quantity, method, task)
                places = marked(len(found), number, place / len(subject.on_policy))
                _draw(sheet, axes, found, places, looks[method], quantity, method, task)
            axes.yaxis.set_major_locator(MaxNLocator(4))
            if row == 0:
                axes.set_title(labels.benchmark(task))
            if row == len(WATCHED) - 1:
                axes.set_xlabel("optimiser steps")
                axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        sheet.panels[row * len(tasks)].set_ylabel(label)
    sheet.figure.align_ylabels(sheet.panels[:: len(tasks)])
    sheet.caption = (
        "Lines: means over the seeds at each step; marks at some of them. Wide light bars, where drawn: "
        "95 % interval over seeds. Reward is the verifier's, of completions of training prompts (TRAPO's "
        "without a prefix); it is no score on a benchmark."
    )
    return sheet


def _curve(book: Book, model: str, quantity: str, method: str, task: str) -> list[Reading]:
    """A quantity's readings of a method's runs on a task, by step."""
    cells = book.cells(model, "training", quantity, method=method, train_task=task)
    return sorted(map(Reading.of, cells), key=lambda reading: reading.x)


def _draw(sheet, axes, found, places, look, quantity, method, task) -> None:
    """A line over every step, and marks with values at some."""
    if not found:
        return
    _, word, unit, factor = WATCHED[quantity]
    scaled = [reading.scaled(factor) for reading in found]
    sheet.line(axes, [reading.x for reading in scaled], [reading.value for reading in scaled], look)
    for reading in (scaled[place] for place in places):
        steps = reading.note.removeprefix("mean of ") or f"step {reading.x:g}"
        text = f"{labels.method(method)} on {labels.benchmark(task)}, {steps}: {spoken(word, reading, unit)}"
        sheet.point(axes, reading.x, reading, look, text, size=4.5)
    sheet.legend(labels.method(method), look, line=True, markersize=5)


def marked(count: int, number: int, shift: float) -> list[int]:
    """Places of `number` marks on a curve of `count` points.

    Args:
        shift: by which share of the space between two they are moved, so that several curves take turns.
    """
    space = max(count / number, 1)
    return sorted({min(int((place + shift) * space), count - 1) for place in range(min(number, count))})
