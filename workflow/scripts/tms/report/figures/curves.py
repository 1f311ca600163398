"""The long run of failure mode A: losses, target and retention along it (Table 1)."""

from tms.experiments import labels
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.figures import style
from tms.report.figures.figure import Figure
from tms.report.figures.style import Style
from tms.report.model_info import ModelInfo
from tms.report.wording import BARS, PERCENT, heading, spoken

LOSSES = {
    "train_nll.per_token": ("training NLL", Style(style.SKY, "^", "--")),
    "val_nll.per_token": ("held-out NLL", Style(style.BLACK, "o", "-")),
}
SCORES = [
    Style(style.BLUE, "s", "-"),
    Style(style.ORANGE, "D", "--"),
    Style(style.GREEN, "v", "-."),
    Style(style.PURPLE, "^", (0, (1, 1))),
    Style(style.VERMILLION, "<", (0, (5, 1, 1, 1, 1, 1))),
]
SCORE_LIMITS = (-3, 103)  # percent, with room for markers


def mismatch(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Failure mode A (Table 1): NLL along a long run with its minimum, target and retention beneath.

    Raises:
        NotDrawnError: the model has no experiment mismatch, or nothing was measured.
    """
    book.require(subject.model, "mismatch")
    methods = [
        name
        for name in subject.experiments["mismatch"]
        if book.cells(subject.model, "mismatch", "val_nll.per_token", method=name)
    ]
    if not methods:
        raise NotDrawnError("experiment mismatch: no held-out NLL was measured")
    title = heading("MixtureWeights mismatch along a long run", book, subject.model)
    sheet = Figure(
        "mismatch", title, rows=2, columns=len(methods), height=6.0, sharex="col", sharey="row"
    )  # fmt: skip
    minima = []
    for column, method in enumerate(methods):
        above, below = sheet.panels[column], sheet.panels[column + len(methods)]
        task = book.cells(subject.model, "mismatch", "val_nll.per_token", method=method)[0]["train_task"]
        lowest = _losses(sheet, above, book, subject.model, method, task)
        above.set_title(f"{labels.method(method)}, {labels.benchmark(task)}")
        for place, benchmark in enumerate([task, *subject.suite.retention]):
            _along(sheet, below, book, subject.model, method, task, benchmark, SCORES[place % len(SCORES)])
        if lowest is not None:
            minima.append(f"{labels.method(method)} at step {lowest:g}")
            for axes in (above, below):
                axes.axvline(lowest, color=style.GREY, linestyle=":", linewidth=1.2, zorder=1)
        below.set_xlabel("optimiser steps")
    sheet.panels[0].set_ylabel("NLL (nats / token)")
    # The interval over a few seeds (t) may reach beyond what a score can be.
    sheet.panels[len(methods)].set(ylabel="score (%)", ylim=SCORE_LIMITS)
    sheet.caption = (
        f"Dotted: minimum of the held-out NLL ({'; '.join(minima)}). {BARS} Those of scores end at 0 and 100."
    )
    return sheet


def _run(book, model, method, task, quantity) -> list[tuple[float, Reading]]:
    """A quantity along a run: (optimiser step, reading), by step."""
    cells = book.cells(model, "mismatch", quantity, method=method, train_task=task)
    found = [(cell["x"], Reading.of(cell)) for cell in cells if cell["x"] is not None]
    return sorted(found, key=lambda point: point[0])


def _losses(sheet, axes, book, model, method, task) -> float | None:
    """Draw both losses; returns the step of the held-out loss's minimum."""
    lowest = None
    for quantity, (label, look) in LOSSES.items():
        found = _run(book, model, method, task, quantity)
        sheet.line(axes, [x for x, _ in found], [y.value for _, y in found], look)
        for x, y in found:
            marked = "minimum" in y.note
            lowest = x if marked else lowest
            said = ", the minimum" if marked else ""
            text = f"{labels.method(method)}, step {x:g}{said}: {spoken(label, y, ' nats / token')}"
            star = Style(style.YELLOW, "*") if marked else look
            sheet.point(axes, x, y, star, text, size=11 if marked else 4.5)
            sheet.legend("minimum" if marked else label, star, line=not marked, markersize=9 if marked else 5)
    return lowest


def _along(sheet, axes, book, model, method, task, benchmark, look) -> None:
    found = [(x, y.scaled(100)) for x, y in _run(book, model, method, task, benchmark)]
    if not found:
        return
    label = labels.benchmark(benchmark) + (" (target)" if benchmark == task else "")
    sheet.line(axes, [x for x, _ in found], [y.value for _, y in found], look)
    for x, y in found:
        text = f"{labels.method(method)}, step {x:g}: {spoken(label, y, PERCENT)}"
        sheet.point(axes, x, y, look, text, size=4.5)
    sheet.legend(label, look, line=True, markersize=5)
