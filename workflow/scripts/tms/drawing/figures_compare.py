"""The paper's numbers beside ours."""

import math

from tms.drawing import names, style
from tms.drawing.book import NotDrawnError, Reading
from tms.drawing.compared import SETTINGS, Compared
from tms.drawing.sheet import Sheet
from tms.drawing.style import Style
from tms.drawing.wording import spoken

OURS, PAPER = Style(style.BLUE, "o"), Style(style.ORANGE, "D", filled=False)
ACROSS = 3  # panels side by side


def compare(lines: list[Compared]) -> Sheet:
    """A panel for each table's quantity: the paper's value and ours with its interval, a line a method.

    Raises:
        NotDrawnError: no measured number has both; settings are equal or not, and in the table alone.
    """
    both = [line for line in lines if line.ours and line.table != SETTINGS]
    if not both:
        raise NotDrawnError("no number of the paper has a counterpart measured here")
    panels = list(dict.fromkeys((line.table, line.quantity) for line in both))
    sides = list(dict.fromkeys((line.model, line.method) for line in both))
    rows = math.ceil(len(panels) / ACROSS)
    inside = sum(line.inside == "yes" for line in both)
    title = f"The paper's numbers and ours ({inside} of {len(both)} inside our 95 % interval)"
    height = 1.1 + rows * (0.85 + 0.2 * len(sides))
    sheet = Sheet("compare", title, rows=rows, columns=ACROSS, height=height, sharey=True)
    for axes, (table, quantity) in zip(sheet.panels, panels, strict=False):
        for line in both:
            if (line.table, line.quantity) == (table, quantity):
                _dumbbell(sheet, axes, sides.index((line.model, line.method)), line)
        label = names.quantity(quantity)
        axes.set_title(f"{label[:1].upper()}{label[1:]}\n({table.replace('table', 'Table ')})", fontsize=8.5)
        axes.set_yticks(range(len(sides)), [f"{model}: {names.method(method)}" for model, method in sides])
        axes.set_ylim(len(sides) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
    for axes in sheet.panels[len(panels) :]:
        axes.set_axis_off()
    sheet.legend("paper", PAPER)
    sheet.legend("ours, with its 95 % interval", OURS)
    sheet.caption = (
        "Scores and changes in percent, entropies and losses in nats. Our interval is over test examples, "
        "widened by that over seeds; the paper's numbers have none."
    )
    return sheet


def _dumbbell(sheet: Sheet, axes, place: int, line: Compared) -> None:
    label = f"{line.model}, {names.method(line.method)}, {names.quantity(line.quantity)}"
    axes.plot([line.paper, line.ours.value], [place, place], color=style.RULE, linewidth=3, zorder=1)
    sheet.point(axes, line.ours, Reading(place), OURS, f"{label}: {spoken('ours', line.ours)}", size=5.5)
    paper = Reading(line.paper)
    sheet.point(axes, paper, Reading(place), PAPER, f"{label}: {spoken('paper', paper)}", size=5.5)
