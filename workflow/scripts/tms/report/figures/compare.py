"""The paper's numbers beside ours."""

from tms.experiments import labels
from tms.report.cell_lookup import NotMeasuredError, Reading
from tms.report.compared import SETTINGS, ComparedNumber
from tms.report.figures import palette
from tms.report.figures.figure import Figure
from tms.report.figures.palette import Style
from tms.report.wording import spoken

OURS, PAPER = Style(palette.BLUE, "o"), Style(palette.ORANGE, "D", filled=False)
ACROSS = 2  # panels side by side


def compare(lines: list[ComparedNumber]) -> Figure:
    """A panel for each table's quantity: the paper's value and ours with its interval, a line a method.

    Changes from the base and settings are in the table alone: the scores show the former, the latter are
    equal or not.

    Raises:
        NotMeasuredError: no score of the paper has a counterpart of ours.
    """
    both = [
        line
        for line in lines
        if line.ours and line.table != SETTINGS and not line.quantity.startswith("delta.")
    ]
    if not both:
        raise NotMeasuredError("no number of the paper has a counterpart measured here")
    rows = [
        (of_table, panels)
        for table in dict.fromkeys(line.table for line in both)
        for of_table in [[line for line in both if line.table == table]]
        for panels in _batched(list(dict.fromkeys(line.quantity for line in of_table)))
    ]
    heights = [0.9 + 0.19 * len(_sides(of_table)) for of_table, _ in rows]
    alone = len({line.model for line in both}) == 1
    inside = sum(line.inside == "yes" for line in both)
    whose = f"{both[0].model}: the" if alone else "The"
    title = f"{whose} paper's numbers and ours ({inside} of {len(both)} inside our 95 % interval)"
    figure = Figure(
        "compare",
        title,
        rows=len(rows),
        columns=ACROSS,
        height=0.5 + sum(heights),
        sharey="row",
        height_ratios=heights,
    )
    for place, (of_table, panels) in enumerate(rows):
        chosen = figure.panels[ACROSS * place : ACROSS * (place + 1)]
        for axes in chosen[len(panels) :]:
            axes.set_axis_off()
        for axes, quantity in zip(chosen, panels, strict=False):
            _panel(figure, axes, of_table, quantity, alone)
    figure.legend("paper", PAPER)
    figure.legend("ours, with its 95 % interval", OURS)
    figure.caption = "Scores in percent, entropies and losses in nats. The paper's numbers have no interval."
    return figure


def _batched(panels: list[str]) -> list[list[str]]:
    return [panels[first : first + ACROSS] for first in range(0, len(panels), ACROSS)]


def _sides(lines: list[ComparedNumber]) -> list[tuple[str, str, str]]:
    """The lines of a table's panels: model, method and step."""
    return list(dict.fromkeys((line.model, line.method, line.step) for line in lines))


def _panel(figure: Figure, axes, lines: list[ComparedNumber], quantity: str, alone: bool) -> None:
    sides = _sides(lines)
    for line in lines:
        if line.quantity == quantity:
            _dumbbell(figure, axes, sides.index((line.model, line.method, line.step)), line)
    title = f"{labels.quantity(quantity)}\n{lines[0].table.replace('table', 'Table ')}"
    axes.set_title(title)
    axes.set_yticks(range(len(sides)), [_label(*side, alone) for side in sides])
    axes.set_ylim(len(sides) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)


def _label(model: str, method: str, step: str, alone: bool) -> str:
    words = labels.method(method) + (f", {step} steps" if step else "")
    return words if alone else f"{model}: {words}"


def _dumbbell(figure: Figure, axes, place: int, line: ComparedNumber) -> None:
    label = f"{_label(line.model, line.method, line.step, False)}, {labels.quantity(line.quantity)}"
    axes.plot([line.paper, line.ours.value], [place, place], color=palette.RULE, linewidth=3, zorder=1)
    figure.point(axes, line.ours, Reading(place), OURS, f"{label}: {spoken('ours', line.ours)}", size=5.5)
    paper = Reading(line.paper)
    figure.point(axes, paper, Reading(place), PAPER, f"{label}: {spoken('paper', paper)}", size=5.5)
