"""Theorem 6.1 as a measurement, and gain against the number of right solutions (RQ5)."""

import math

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import Figure, logarithmic
from tms.report.figures.palette import KINDS, Style
from tms.report.gain import difference
from tms.report.research_questions.mechanism import not_tested
from tms.report.wording import BARS, LOSSES_ONLY, PERCENT, heading, spoken

FORMS = {"corollary": "corollary √(2 E KL)", "tv_corollary": "tighter form √(E KL / 2)"}
TASKS = [
    Style(palette.BLUE, "o"),
    Style(palette.ORANGE, "s"),
    Style(palette.GREEN, "D"),
    Style(palette.PURPLE, "^"),
    Style(palette.BLACK, "v"),
    Style(palette.SKY, "<"),
]


def theorem61(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Both sides of Theorem 6.1 for each method, target task and set of prompts (Appendix E).

    Raises:
        NotMeasuredError: the model has no cells of the bound, or none with both sides.
    """
    lookup.require("theorem61")
    title = heading("Theorem 6.1: change of score and its bound", lookup)
    figure = Figure("theorem61", title, columns=2, height=4.2, sharey=True)
    zeros, above = 0, 0
    for axes, (form, label) in zip(figure.panels, FORMS.items(), strict=True):
        pairs = _sides(lookup, form)
        if not pairs:
            continue
        positive = [left.value for _, left, _ in pairs if left.value > 0]
        floor = 0.5 * min([*positive, *(right.value for _, _, right in pairs if right.value > 0)])
        for cell, left, right in pairs:
            style = styles[cell["method"]]
            where = f"{labels.benchmark(cell['train_task'])} on {labels.prompts(cell['prompts'])}"
            sides = f"{spoken('left side', left)}; {spoken(label, right)}"
            text = f"{labels.method(cell['method'])}, {where}: {sides}"
            if form == "corollary":
                zeros += left.value <= 0
                above += left.value > right.value
            height = Reading(max(left.value, floor), *_kept(left, floor))
            if right.value > 0:
                flat = Style(style.colour, "v") if left.value <= 0 else style
                figure.point(axes, Reading(right.value, *_kept(right, floor)), height, flat, text, size=5)
                figure.legend(labels.method(cell["method"]), style)
        rights = [right.value for _, _, right in pairs if right.value > 0]
        ends = [10 ** math.floor(math.log10(min(rights))), 10 ** math.ceil(math.log10(max(rights)))]
        axes.plot(ends, ends, color=palette.BLACK, linewidth=1.0, linestyle="-", zorder=1)
        logarithmic(axes.xaxis)
        logarithmic(axes.yaxis)
        axes.set_xlabel(label)
    if not figure.hovers:
        raise NotMeasuredError("theorem61: no pair has both sides measured")
    figure.legend("equality", color=palette.BLACK, linewidth=1.0)
    figure.panels[0].set_ylabel("left side |E f(policy) − E f(base)|")
    count = len(_sides(lookup, "corollary"))
    figure.caption = (
        "Each point: a method, target task and set of prompts. The theorem says that all lie below the line; "
        f"with the corollary's form {above} of {count} lie above it. "
    )
    if zeros:
        figure.caption += f"The {zeros} with a left side of 0 are drawn as ▼ at the lower edge. "
    figure.caption += BARS
    return figure


def _kept(reading: Reading, floor: float) -> tuple[float | None, ...]:
    """Bounds that a logarithmic axis can show."""
    low, high = reading.low, reading.high
    if low is None or high is None or high <= 0:
        return None, None
    return max(low, floor), max(high, floor)


def _sides(lookup: CellLookup, form: str) -> list[tuple[dict, Reading, Reading]]:
    """(cell of the left side, left side, right side) wherever both were measured."""
    pairs = []
    for cell in lookup.cells("theorem61", "left"):
        where = {name: cell[name] for name in ("method", "train_task", "prompts")}
        right = lookup.cells("theorem61", form, **where)
        if right and cell["method"] != "base":
            pairs.append((cell, Reading.of(cell), Reading.of(right[0])))
    return pairs


def task_dependence(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """RQ5: TMS minus SFT in gain and retention of each target, against its distinct right solutions.

    Raises:
        NotMeasuredError: main or diversity is missing, or no target has both numbers.
    """
    lookup.require("main", "diversity")
    title = heading("Gain of TMS over SFT by target task, RQ5", lookup)
    figure = Figure("task_dependence", title, columns=2, height=3.9)
    shown = (("target", "target score"), ("forgetting", "forgetting F"))
    for axes, (quantity, label) in zip(figure.panels, shown, strict=True):
        for place, task in enumerate(lookup.info.suite.targets):
            x = lookup.reading("diversity", "distinct_solutions", "base", train_task=task)
            y = difference(lookup, quantity, task, task if quantity == "target" else None)
            if not x or not y:
                continue
            style = TASKS[place % len(TASKS)]
            name = labels.benchmark(task)
            text = f"{name}: {spoken('distinct right solutions', x)}; TMS − SFT, {spoken(label, y, PERCENT)}"
            figure.point(axes, x, y, style, text, size=8)
            figure.legend(name, style)
        axes.axhline(0, color=KINDS["base"].colour, linewidth=0.8, zorder=1)
        axes.set_xlabel("distinct right solutions among the base's samples")
        axes.set_ylabel(f"TMS − SFT, {label} (points)")
    if not figure.hovers:
        raise NotMeasuredError("no target has both distinct right solutions and a difference of TMS and SFT")
    reason = not_tested(len(figure.hovers) // 2)
    figure.caption = f"Above 0: TMS better than SFT. {LOSSES_ONLY} {BARS}{f' {reason}' if reason else ''}"
    return figure
