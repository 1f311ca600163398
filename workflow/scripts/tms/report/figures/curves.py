"""The long run of failure mode A: losses, target and retention along it (Table 1)."""

from tms.config.suite import tasks_of
from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import SHARE, SIZE, Figure
from tms.report.figures.palette import Style
from tms.report.wording import PERCENT, heading, spoken

LOSSES = {
    "train_nll.per_token": ("training NLL", Style(palette.SKY, "^", "--")),
    "val_nll.per_token": ("held-out NLL", Style(palette.BLACK, "o", "-")),
}
SCORES = [
    Style(palette.BLUE, "s", "-"),
    Style(palette.ORANGE, "D", "--"),
    Style(palette.GREEN, "v", "-."),
    Style(palette.PURPLE, "^", (0, (1, 1))),
    Style(palette.VERMILLION, "<", (0, (5, 1, 1, 1, 1, 1))),
]


def mismatch(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Failure mode A (Table 1): NLL along a long run with its minimum, scores beneath where there are any.

    Raises:
        NotMeasuredError: the model has no experiment mismatch, or nothing was measured.
    """
    lookup.require("mismatch")
    methods = [
        name
        for name in lookup.info.experiments["mismatch"]
        if lookup.cells("mismatch", "val_nll.per_token", method=name)
    ]
    if not methods:
        raise NotMeasuredError("experiment mismatch: no held-out NLL was measured")
    title = heading("Supervision mismatch along a long run", lookup)
    scored = any(
        lookup.cells("mismatch", benchmark, method=name)
        for name in methods
        for benchmark in [*lookup.info.suite.target_tasks, *lookup.info.suite.retention]
    )
    rows, columns = 1 + scored, len(methods)
    figure = Figure(
        "mismatch", title, rows=rows, columns=columns, height=0.6 + 2.3 * rows, sharex="col", sharey="row"
    )  # fmt: skip
    minima = []
    for column, method in enumerate(methods):
        panels = figure.panels[column::columns]
        figure.limit(panels[0], x=SIZE, y=SIZE)
        if scored:
            figure.limit(panels[-1], x=SIZE, y=SHARE)
        task = lookup.cells("mismatch", "val_nll.per_token", method=method)[0]["train_task"]
        lowest = _losses(figure, panels[0], lookup, method, task)
        panels[0].set_title(f"{labels.method(method)}, {labels.benchmark(task)}")
        for place, benchmark in enumerate([*tasks_of(task), *lookup.info.suite.retention]):
            _along(figure, panels[-1], lookup, method, task, benchmark, SCORES[place % len(SCORES)])
        if lowest is not None:
            minima.append(f"{labels.method(method)} at step {lowest:g}")
            for axes in panels:
                axes.axvline(lowest, color=palette.GREY, linestyle=":", linewidth=1.2, zorder=1)
        panels[-1].set_xlabel("optimiser steps")
    figure.panels[0].set_ylabel("NLL (nats / token)")
    figure.caption = f"Dotted: minimum of the held-out NLL ({'; '.join(minima)})."
    if scored:
        figure.panels[columns].set_ylabel("score (%)")
    return figure


def _run(lookup, method, task, quantity) -> list[tuple[float, Reading]]:
    """A quantity along a run: (optimiser step, reading), by step."""
    cells = lookup.cells("mismatch", quantity, method=method, train_task=task)
    points = [(cell["x"], Reading.of(cell)) for cell in cells if cell["x"] is not None]
    return sorted(points, key=lambda point: point[0])


def _losses(figure, axes, lookup, method, task) -> float | None:
    """Draw both losses; returns the step of the held-out loss's minimum."""
    lowest = None
    for quantity, (label, style) in LOSSES.items():
        points = _run(lookup, method, task, quantity)
        figure.line(axes, [x for x, _ in points], [y.value for _, y in points], style)
        for x, y in points:
            marked = "minimum" in y.note
            lowest = x if marked else lowest
            said = ", the minimum" if marked else ""
            text = f"{labels.method(method)}, step {x:g}{said}: {spoken(label, y, ' nats / token')}"
            star = Style(palette.YELLOW, "*") if marked else style
            figure.point(axes, x, y, star, text, size=11 if marked else 4)
            figure.legend(
                "minimum" if marked else label, star, line=not marked, markersize=9 if marked else 5
            )
    return lowest


def _along(figure, axes, lookup, method, task, benchmark, style) -> None:
    points = [(x, y.scaled(100)) for x, y in _run(lookup, method, task, benchmark)]
    if not points:
        return
    label = labels.benchmark(benchmark) + (" (target)" if benchmark == task else "")
    figure.line(axes, [x for x, _ in points], [y.value for _, y in points], style)
    for x, y in points:
        text = f"{labels.method(method)}, step {x:g}: {spoken(label, y, PERCENT)}"
        figure.point(axes, x, y, style, text, size=4)
    figure.legend(label, style, line=True, markersize=5)
