"""Theorem 6.1 as a measurement, and gain against the number of right solutions (RQ5)."""

import math
from dataclasses import replace

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import CHANGE, SIZE, Figure, logarithmic
from tms.report.figures.palette import KINDS, Style
from tms.report.gain import difference
from tms.report.model_info import NAMED
from tms.report.research_questions.mechanism import distinct_solutions, not_tested
from tms.report.wording import POINTS, heading, spoken

CORNER = "√(2 E KL)"
TIGHTER = 0.5  # the form with √(E KL / 2) is half of the corollary


def theorem61(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Both sides of Theorem 6.1 for each method, target task and set of prompts (Appendix E).

    Raises:
        NotMeasuredError: the model has no cells of the bound, or none with both sides.
    """
    lookup.require("theorem61")
    pairs = [pair for pair in _sides(lookup, "corollary") if pair[2].value > 0]
    if not pairs:
        raise NotMeasuredError("theorem61: no pair has both sides measured")
    figure = Figure("theorem61", heading("Theorem 6.1: change of score and its bound", lookup), height=4.2)
    (axes,) = figure.panels
    figure.limit(axes, x=SIZE, y=SIZE)
    floor = 0.5 * min(side.value for _, *both in pairs for side in both if side.value > 0)
    there = {cell["method"] for cell, *_ in pairs}
    for method in (name for name in NAMED if name in there):
        figure.legend(labels.method(method), styles[method], markersize=5)
    if there - {*NAMED}:
        figure.legend("other methods", palette.BESIDE, markersize=5)
    zeros = sum(left.value <= 0 for _, left, _ in pairs)
    for cell, left, right in sorted(pairs, key=lambda pair: pair[0]["method"] in NAMED):
        method = cell["method"]
        named = method in NAMED
        style = styles[method] if named else palette.BESIDE
        where = f"{labels.benchmark(cell['train_task'])} on {labels.prompts(cell['prompts'])}"
        both = f"{spoken('left side', left)}; {spoken(f'bound {CORNER}', right)}"
        place = Reading(right.value), Reading(max(left.value, floor))
        if named:
            place = tuple(
                replace(one, **_kept(side, floor)) for one, side in zip(place, (right, left), strict=True)
            )
        shown = replace(style, marker="v") if left.value <= 0 else style
        text = f"{labels.method(method)}, {where}: {both}"
        figure.point(axes, *place, shown, text, size=5.5 if named else 4, above=named)
    rights = [right.value for *_, right in pairs]
    ends = [10 ** math.floor(math.log10(min(rights))), 10 ** math.ceil(math.log10(max(rights)))]
    for factor, line, name in ((1, "-", "bound"), (TIGHTER, ":", "tighter form √(E KL / 2)")):
        figure.line(axes, ends, [factor * end for end in ends], Style(palette.BLACK, "", line), linewidth=1.0)
        figure.legend(name, color=palette.BLACK, linestyle=line, linewidth=1.0)
    logarithmic(axes.xaxis)
    logarithmic(axes.yaxis)
    axes.set(xlabel=f"corollary {CORNER}", ylabel="left side |E f(policy) − E f(base)|")
    above = sum(left.value > right.value for _, left, right in pairs)
    figure.caption = (
        f"Each point is a method, target task and set of prompts; the theorem puts all below the bound, and "
        f"{above} of {len(pairs)} lie above it."
    )
    if zeros:
        figure.caption += f" At the lower edge as ▼: the {zeros} whose score did not change."
    return figure


def _kept(reading: Reading, floor: float) -> dict[str, float]:
    """Bounds of its interval over examples that a logarithmic axis can show."""
    low, high = reading.low, reading.high
    if low is None or high is None or high <= 0:
        return {}
    return {"low": max(low, floor), "high": max(high, floor)}


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
    figure = Figure("task_dependence", title, columns=2, height=3.2)
    shown = (("target", "target score"), ("forgetting", "forgetting F"))
    for axes, (quantity, label) in zip(figure.panels, shown, strict=True):
        figure.limit(axes, x=SIZE, y=CHANGE)
        for task in lookup.info.suite.targets:
            x = distinct_solutions(lookup, task)
            y = difference(lookup, quantity, task, task if quantity == "target" else None)
            if not x or not y:
                continue
            name = labels.benchmark(task)
            text = f"{name}: {spoken('distinct right solutions', x)}; TMS − SFT, {spoken(label, y, POINTS)}"
            figure.point(axes, x, y, KINDS["tms"], text, size=7, label=name)
        axes.axhline(0, color=KINDS["base"].colour, linewidth=0.8, zorder=1)
        axes.set_xlabel("distinct right solutions\nof a solved prompt")
        axes.set_title(f"TMS − SFT, {label}")
    if not figure.hovers:
        raise NotMeasuredError("no target has both distinct right solutions and a difference of TMS and SFT")
    figure.panels[0].set_ylabel("difference (points)")
    figure.caption = " ".join(filter(None, ["Above 0: TMS is better.", not_tested(len(figure.hovers) // 2)]))
    return figure
