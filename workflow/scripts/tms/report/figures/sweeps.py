"""Figures 3 and 4 and the alpha sweep: summaries along the model's size or a setting of TMS."""

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures.figure import CHANGE, LOSS, SHARE, SIZE, Figure
from tms.report.figures.palette import KINDS, Style
from tms.report.wording import PERCENT, POINTS, heading, spoken

SHOWN = {  # quantity -> word and unit of a hover value, label of its axis, what it can be
    "target_mean": ("target", PERCENT, "target mean\n(%)", SHARE),
    "xfer": ("transfer", POINTS, "transfer to other\ntargets (points)", CHANGE),
    "forgetting": ("F", POINTS, "forgetting F\n(points)", LOSS),
}
ROW_HEIGHT = 1.7  # inches


def figure3(lookups: list[CellLookup], styles: dict[str, Style]) -> Figure:
    """Target mean and transfer over the models' sizes (RQ7).

    Raises:
        NotMeasuredError: fewer than two models have a size and the experiment main.
    """
    sized = []
    for lookup in lookups:
        if lookup.info.parameters and "main" in lookup.info.experiments:
            lookup.require("main")
            sized.append(lookup)
    if len(sized) < 2:
        raise NotMeasuredError(
            f"scaling needs two models with `parameters` and the experiment main; this scope has {len(sized)}"
        )
    sized.sort(key=lambda lookup: lookup.info.parameters)
    title = f"Figure 3: scaling ({len(sized)} models)"
    figure = Figure("figure3", title, rows=2, height=0.7 + 2 * ROW_HEIGHT, sharex=True)
    for axes, (quantity, (short, unit, label, possible)) in zip(figure.panels, SHOWN.items(), strict=False):
        figure.limit(axes, x=SIZE, y=possible)
        methods = dict.fromkeys(["base", *(name for one in sized for name in one.info.experiments["main"])])
        for method in methods:
            points = [
                (one.info.parameters, reading.scaled(100), one.info.model)
                for one in sized
                if (reading := one.reading("main", quantity, method))
            ]
            if not points:
                continue
            style = styles[method]
            figure.line(axes, [x for x, _, _ in points], [y.value for _, y, _ in points], style)
            for x, y, model in points:
                text = f"{labels.method(method)}, {model}: {spoken(short, y, unit)}"
                figure.point(axes, x, y, style, text)
            figure.legend(labels.method(method), style, line=True)
        axes.set_xscale("log")
        axes.set_xticks([lookup.info.parameters for lookup in sized], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_xticklabels([f"{lookup.info.parameters / 1e9:.2g}" for lookup in sized])
        axes.set_ylabel(label)
    figure.panels[-1].set_xlabel("parameters (billions)")
    figure.caption = f"Models: {', '.join(lookup.info.model for lookup in sized)}."
    return figure


def figure4(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """The sweep over the number of checkpoints T (RQ10).

    Raises:
        NotMeasuredError: the model has no experiment checkpoints, or nothing was measured.
    """
    title = heading("Figure 4: number of checkpoints T", lookup)
    return _sweep(lookup, "checkpoints", "figure4", title, "checkpoints T")


def alpha(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """The sweep over alpha, the probability of the teacher's answer; SFT is its end.

    Raises:
        NotMeasuredError: the model has no experiment alpha, or nothing was measured.
    """
    title = heading("Share of the teacher's answers", lookup)
    return _sweep(lookup, "alpha", "alpha", title, "α (teacher's share)")


def _sweep(lookup: CellLookup, experiment: str, name: str, title: str, label: str) -> Figure:
    lookup.require(experiment)
    figure = Figure(name, title, rows=3, height=0.7 + 3 * ROW_HEIGHT, sharex=True)
    short = label.split()[-1] if name == "figure4" else "α"
    for axes, (quantity, (word, unit, ylabel, possible)) in zip(figure.panels, SHOWN.items(), strict=True):
        figure.limit(axes, x=SIZE, y=possible)
        points = []
        for method in lookup.info.experiments[experiment]:
            reading = lookup.reading(experiment, quantity, method)
            if reading and reading.x is not None:
                points.append((reading.x, reading.scaled(100), method))
        points.sort(key=lambda point: point[0])
        figure.line(axes, [x for x, _, _ in points], [y.value for _, y, _ in points], KINDS["tms"])
        for x, y, method in points:
            kind = lookup.info.kinds[method]
            text = f"{labels.method(method)}, {short} = {x:g}: {spoken(word, y, unit)}"
            figure.point(axes, x, y, KINDS[kind], text)
            figure.legend(labels.method(kind), KINDS[kind], line=kind == "tms")
        if points:
            axes.set_xticks([x for x, _, _ in points])
        axes.set_ylabel(ylabel)
        _baselines(figure, axes, lookup, experiment, quantity)
    if not figure.hovers:
        raise NotMeasuredError(f"experiment {experiment}: no method has a setting and a summary")
    figure.panels[-1].set_xlabel(label)
    figure.figure.align_ylabels(figure.panels)
    figure.caption = "Level lines: the base and, where the sweep does not hold it, SFT."
    return figure


def _baselines(figure, axes, lookup, experiment, quantity) -> None:
    """Level lines of the base (in its own colour) and of SFT, where the sweep does not hold it."""
    for method, source in (("base", experiment), ("sft", "main")):
        if method in lookup.info.experiments[experiment]:
            continue
        reading = lookup.reading(source, quantity, method)
        if method == "base" and quantity != "target_mean":
            reading = Reading(0.0)
        if reading:
            style = KINDS[method]
            axes.axhline(
                100 * reading.value, color=style.colour, linestyle=style.line, linewidth=1.2, zorder=1
            )
            figure.legend(labels.method(method), color=style.colour, linestyle=style.line)
