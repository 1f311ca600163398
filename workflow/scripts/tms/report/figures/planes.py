"""Figures 2c, 2d and compute: methods as points of a plane."""

from matplotlib.ticker import EngFormatter, MaxNLocator

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import Figure, logarithmic
from tms.report.figures.palette import Style
from tms.report.wording import BARS, EXAMPLES_ONLY, LOSSES_ONLY, PERCENT, heading, spoken

ACCURACY = "target accuracy (%)"
FORGETTING = "forgetting F (points; 0: none)"
WIDE = 10  # a range of costs that asks for a logarithmic axis
FRONT = Style(palette.BLACK, "", (0, (4, 2)))


def figure2c(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Target accuracy against forgetting, with the Pareto front of the methods.

    Raises:
        NotMeasuredError: the model has no experiment main, or no method has both numbers.
    """
    lookup.require("main")
    title = heading("Figure 2c: accuracy against forgetting", lookup)
    figure = Figure("figure2c", title, height=4.2)
    axes = figure.panels[0]
    points = {}
    for method, experiment in lookup.summarised().items():
        x = lookup.reading(experiment, "target_mean", method)
        y = lookup.reading(experiment, "forgetting", method)
        if method == "base" and x:
            y = y or Reading(0.0)
        if x and y:
            points[method] = (x.scaled(100), y.scaled(100))
    if not set(points) - {"base"}:
        raise NotMeasuredError("no method has both accuracy and forgetting measured")
    _points(figure, axes, points, styles, ("target", PERCENT), ("F", " points"), plain=True)
    _front(figure, axes, points, _on_front(lookup, "forgetting"))
    axes.set(xlabel=ACCURACY, ylabel=FORGETTING)
    figure.caption = (
        f"Methods up and to the right are better; the base forgets nothing. {LOSSES_ONLY} {EXAMPLES_ONLY}"
    )
    return figure


def figure2d(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Target accuracy against KL(policy || base), on held-out and on retention prompts, with the front.

    Raises:
        NotMeasuredError: the model has no experiment main, or no method has both numbers.
    """
    lookup.require("main")
    title = heading("Figure 2d: accuracy against KL to the base", lookup)
    panels = {}
    for prompts in ("heldout", "retention"):
        points = {}
        for method, experiment in lookup.summarised().items():
            x = lookup.reading(experiment, "target_mean", method)
            y = lookup.reading(experiment, "kl.policy_base.per_sequence", method, prompts=prompts)
            if method == "base":
                y = Reading(0.0)
            if x and y:
                points[method] = (x.scaled(100), y)
        if set(points) - {"base"}:
            panels[prompts] = points
    if not panels:
        raise NotMeasuredError("no method has both accuracy and KL to the base measured")
    figure = Figure("figure2d", title, columns=len(panels), height=4.2)
    for axes, (prompts, points) in zip(figure.panels, panels.items(), strict=True):
        _points(figure, axes, points, styles, ("target", PERCENT), ("KL", " nats"), plain=True)
        _front(figure, axes, points, _on_front(lookup, "kl", prompts))
        axes.set(xlabel=ACCURACY, title=labels.prompts(prompts))
    figure.panels[0].set_ylabel("KL(policy ‖ base) (nats / sequence)")
    figure.caption = f"Methods down and to the right are better; the base has no divergence. {EXAMPLES_ONLY}"
    return figure


def compute(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Accuracy and forgetting against all tokens and seconds that a method depends on.

    Raises:
        NotMeasuredError: the model has no experiment main, or no cost was measured.
    """
    lookup.require("main")
    title = heading("Accuracy and forgetting against compute", lookup)
    costs = (
        ("tokens trained on and generated", ("trained_tokens", "generated_tokens")),
        ("seconds", ("seconds",)),
    )
    shown = (("target_mean", "target", ACCURACY), ("forgetting", "F", FORGETTING))
    shown = [place for place in shown if lookup.cells("main", place[0]) or lookup.cells("mixture", place[0])]
    if not shown:
        raise NotMeasuredError("no method's accuracy or forgetting was measured")
    rows = len(shown)
    figure = Figure("compute", title, rows=rows, columns=2, height=2.7 * rows, sharex="col", sharey="row")
    places = [(quantity, cost) for quantity in shown for cost in costs]
    for axes, ((quantity, short, label), (unit, parts)) in zip(figure.panels, places, strict=True):
        points = {}
        for method, experiment in lookup.summarised(("main", "mixture")).items():
            spent = [lookup.reading(experiment, f"cost.{part}", method) for part in parts]
            y = lookup.reading(experiment, quantity, method)
            if all(spent) and y and method != "base":
                points[method] = (Reading(sum(part.value for part in spent)), y.scaled(100))
        if points:
            _points(figure, axes, points, styles, ("", f" {unit}"), (short, PERCENT))
            low, high = axes.dataLim.intervalx
            if high > WIDE * low:  # sampling in every step takes many times what one harvest takes
                logarithmic(axes.xaxis)
            else:
                axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.xaxis.set_major_formatter(EngFormatter(sep="\N{THIN SPACE}"))
        if axes in figure.panels[-2:]:
            axes.set_xlabel(f"total {unit}")
        if axes in figure.panels[::2]:
            axes.set_ylabel(label)
    if not figure.hovers:
        raise NotMeasuredError("no method's cost was measured")
    figure.caption = (
        "Cost of everything that a method depends on (teacher, baseline SFT, harvest, student), for all "
        f"target tasks and one seed. {LOSSES_ONLY} {BARS}"
    )
    return figure


def _points(figure, axes, points, styles, first, second, plain=False) -> None:
    for method in points:
        figure.legend(labels.method(method), styles[method])
    for method, (x, y) in reversed(points.items()):  # the methods of main come first, and lie on top
        label = labels.method(method)
        text = f"{label}: {spoken(first[0], x, first[1]).strip()}; {spoken(second[0], y, second[1])}"
        figure.point(axes, *((x.plain, y.plain) if plain else (x, y)), styles[method], text)


def _on_front(lookup: CellLookup, plane: str, prompts: str = "") -> list[str]:
    """The methods on a plane's Pareto front, as the correlations' cells say; the base is none of them."""
    cells = lookup.cells("correlations", f"pareto.{plane}", prompts=prompts)
    return [cell["method"] for cell in cells if cell["value"]]


def _front(figure, axes, points: dict[str, tuple[Reading, Reading]], methods: list[str]) -> None:
    """The boundary of what the methods reach: at each accuracy the best y of those at least as accurate."""
    front = sorted({(x.value, y.value) for x, y in (points[name] for name in methods if name in points)})
    if len(front) > 1:
        figure.line(axes, *zip(*front, strict=True), FRONT, linewidth=1.0, drawstyle="steps-pre")
        figure.legend("Pareto front", color=FRONT.colour, linestyle=FRONT.line, linewidth=1.0)
