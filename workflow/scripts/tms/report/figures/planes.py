"""Methods as points of a plane: accuracy, forgetting, divergence and compute (Figures 2c and 2d)."""

import textwrap

from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from tms.experiments import labels
from tms.experiments.frontier import PLANE
from tms.report.answer.numbers import Entry
from tms.report.answer.other import best_other
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import LOSS, SHARE, SIZE, Figure, logarithmic
from tms.report.figures.palette import Style
from tms.report.model_info import LEADING
from tms.report.precision import count
from tms.report.wording import BARS, PERCENT, POINTS, heading, spoken

ACCURACY = "target score (%)"
FORGETTING = "forgetting F (points; 0: none)"
WIDE = 10  # a range of costs that asks for a logarithmic axis
FRONT = Style(palette.BLACK, "", (0, (4, 2)))
LABEL_CHARACTERS = 26  # in a line of a label
BEST = "Up and to the right is better."
IN_GREY = "Grey: other methods and settings, named on hover."
Place = tuple[str, Reading, Reading]  # hover text, x, y


def plane(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Accuracy against forgetting at one glance: the rows of the answer by name, all else in grey.

    Raises:
        NotMeasuredError: the model has no experiment main, or no method has both numbers.
    """
    points = summaries(lookup)
    figure, axes = _empty_plane("plane", heading("Accuracy against forgetting", lookup), 3.1)
    other = _best_other(lookup)
    if other and not other.checkpoint:
        points.pop(other.method, None)
    known = {(method, "") for method in points} | ({(other.method, other.checkpoint)} if other else set())
    tuned = on_the_frontier(lookup, known)
    draw(figure, axes, points, styles, list(LEADING), beside=tuned, size=9)
    if other:
        x, y = (
            lookup.reading(other.experiment, name, other.method, **other.columns).scaled(100)
            for name in PLANE
        )
        text, *place = _place(f"{other.label} (test half)", x, y, ("F", POINTS))
        name = textwrap.fill(other.label, LABEL_CHARACTERS)
        figure.point(axes, *place, styles[other.method], text, size=7.5, label=name, above=0.5)
    figure.caption = f"{BEST} {BARS} {IN_GREY}"
    return figure


def _best_other(lookup: CellLookup) -> Entry | None:
    """The answer's best other entry, where it has both coordinates."""
    other = best_other(lookup)
    if other and all(lookup.reading(other.experiment, name, other.method, **other.columns) for name in PLANE):
        return other
    return None


def figure2c(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Target accuracy against forgetting, with the Pareto front of the methods; those of main by name.

    Raises:
        NotMeasuredError: the model has no experiment main, or no method has both numbers.
    """
    points = summaries(lookup)
    title = heading("Figure 2c: accuracy against forgetting", lookup)
    figure, axes = _empty_plane("figure2c", title, 3.9)
    draw(figure, axes, points, styles, of_main(lookup), plain=True)
    _front(figure, axes, points, _on_front(lookup, "forgetting"))
    figure.caption = f"{BEST} {IN_GREY}"
    return figure


def _empty_plane(name: str, title: str, height: float) -> tuple[Figure, Axes]:
    """A figure with one panel for accuracy against forgetting."""
    figure = Figure(name, title, height=height)
    (axes,) = figure.panels
    figure.limit(axes, x=SHARE, y=LOSS)
    axes.set(xlabel=ACCURACY, ylabel=FORGETTING)
    return figure, axes


def figure2d(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Target accuracy against KL(policy || base), on held-out and on retention prompts, with the front.

    Raises:
        NotMeasuredError: the model has no experiment main, or no method has both numbers.
    """
    lookup.require("main")
    panels = {}
    for prompts in ("heldout", "retention"):
        points = {}
        for method, experiment in lookup.summarised().items():
            x = lookup.reading(experiment, "target_mean", method)
            y = lookup.reading(experiment, "kl.policy_base.per_sequence", method, prompts=prompts)
            if method == "base":
                y = Reading(0.0)
            if x and y:
                points[method] = _place(labels.method(method), x.scaled(100), y, ("KL", " nats"))
        if set(points) - {"base"}:
            panels[prompts] = points
    if not panels:
        raise NotMeasuredError("no method has both accuracy and KL to the base measured")
    title = heading("Figure 2d: accuracy against KL to the base", lookup)
    rows = len(panels)
    figure = Figure("figure2d", title, rows=rows, height=0.6 + 2.6 * rows, sharex=True)
    for axes, (prompts, points) in zip(figure.panels, panels.items(), strict=True):
        figure.limit(axes, x=SHARE, y=SIZE)
        draw(figure, axes, points, styles, of_main(lookup), plain=True)
        _front(figure, axes, points, _on_front(lookup, "kl", prompts))
        axes.set(title=labels.prompts(prompts), ylabel="KL(policy ‖ base)\n(nats / sequence)")
    figure.panels[-1].set_xlabel(ACCURACY)
    figure.caption = f"Down and to the right is better. {IN_GREY}"
    return figure


def compute(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Accuracy and forgetting against all tokens that a method depends on.

    Raises:
        NotMeasuredError: the model has no experiment main, or no cost was measured.
    """
    lookup.require("main")
    shown = (
        ("target_mean", "target", PERCENT, ACCURACY, SHARE),
        ("forgetting", "F", POINTS, FORGETTING, LOSS),
    )
    shown = [place for place in shown if lookup.cells("main", place[0]) or lookup.cells("mixture", place[0])]
    if not shown:
        raise NotMeasuredError("no method's accuracy or forgetting was measured")
    rows = len(shown)
    title = heading("Accuracy and forgetting against compute", lookup)
    figure = Figure("compute", title, rows=rows, height=0.6 + 2.6 * rows, sharex=True)
    for axes, (quantity, short, unit, label, possible) in zip(figure.panels, shown, strict=True):
        points = {}
        for method, experiment in lookup.summarised(("main", "mixture")).items():
            spent = [
                lookup.reading(experiment, f"cost.{part}", method)
                for part in ("trained_tokens", "generated_tokens")
            ]
            y = lookup.reading(experiment, quantity, method)
            if all(spent) and y and method != "base":
                tokens = Reading(sum(part.value for part in spent))
                y = y.scaled(100)
                text = f"{labels.method(method)}: {count(tokens.value)} tokens; {spoken(short, y, unit)}"
                points[method] = text, tokens, y
        figure.limit(axes, x=SIZE, y=possible)
        draw(figure, axes, points, styles, of_main(lookup), plain=True)
        axes.set_ylabel(label)
    if not figure.hovers:
        raise NotMeasuredError("no method's cost was measured")
    axes = figure.panels[-1]
    low, high = axes.dataLim.intervalx
    if high > WIDE * low:  # sampling in every step takes many times what one harvest takes
        logarithmic(axes.xaxis)
    axes.xaxis.set_major_formatter(EngFormatter(sep="\N{THIN SPACE}"))
    axes.set_xlabel("tokens trained on and generated")
    figure.caption = (
        "Tokens of everything that a method depends on (teacher, baseline SFT, harvest, student), for all "
        "target tasks and one seed."
    )
    return figure


def summaries(lookup: CellLookup) -> dict[str, Place]:
    """Target score and forgetting of the base and of each method, in percent and points.

    Raises:
        NotMeasuredError: the model has no experiment main, or no method has both.
    """
    lookup.require("main")
    points = {}
    for method, experiment in lookup.summarised().items():
        x = lookup.reading(experiment, "target_mean", method)
        y = Reading(0.0) if method == "base" else lookup.reading(experiment, "forgetting", method)
        if x and y:
            points[method] = _place(labels.method(method), x.scaled(100), y.scaled(100), ("F", POINTS))
    if not set(points) - {"base"}:
        raise NotMeasuredError("no method has both accuracy and forgetting measured")
    return points


def on_the_frontier(lookup: CellLookup, known: set[tuple[str, str]]) -> list[Place]:
    """The frontier control's points on the test half, but for the methods and checkpoints that are known."""
    places = []
    for cell in lookup.cells("frontier", "target_mean", prompts="test"):
        method, checkpoint = cell["method"], cell["checkpoint"]
        where = {name: cell[name] for name in ("checkpoint", "group", "prompts")}
        y = lookup.reading("frontier", "forgetting", method, **where)
        if y and (method, checkpoint) not in known:
            name = labels.method(method) + (f" at {checkpoint.replace('of', ' / ')}" if checkpoint else "")
            readings = Reading.of(cell).scaled(100), y.scaled(100)
            places.append(_place(f"{name} (test half)", *readings, ("F", POINTS)))
    return places


def _place(name: str, x: Reading, y: Reading, second: tuple[str, str]) -> Place:
    return f"{name}: {spoken('target', x, PERCENT)}; {spoken(second[0], y, second[1])}", x, y


def of_main(lookup: CellLookup) -> list[str]:
    """The base and the methods of main, SFT and TMS first: their names choose their places first."""
    return list(dict.fromkeys([*LEADING, *lookup.info.experiments["main"]]))


def draw(
    figure: Figure,
    axes: Axes,
    points: dict[str, Place],
    styles: dict[str, Style],
    named: list[str],
    beside: list[Place] = (),
    size: float = 7.5,
    plain: bool = False,
) -> None:
    """Draw methods: some in their colours with their names, the others in grey beneath.

    Args:
        points: by method.
        named: the methods with names, the most important first.
        beside: further points in grey.
        size: of a named marker, in points.
        plain: leave the intervals over seeds to the hover values: of many points they would hide one another.
    """
    others = [place for method, place in points.items() if method not in named]
    for text, x, y in [*beside, *others]:
        figure.point(axes, Reading(x.value), Reading(y.value), palette.BESIDE, text, size=4.5)
    for place, method in enumerate(method for method in named if method in points):
        text, x, y = points[method]
        x, y = (x.plain, y.plain) if plain else (x, y)
        name = labels.method(method)
        figure.point(axes, x, y, styles[method], text, size=size, label=name, above=1 / (1 + place))


def _on_front(lookup: CellLookup, plane: str, prompts: str = "") -> list[str]:
    """The methods on a plane's Pareto front, as the correlations' cells say; the base is none of them."""
    cells = lookup.cells("correlations", f"pareto.{plane}", prompts=prompts)
    return [cell["method"] for cell in cells if cell["value"]]


def _front(figure: Figure, axes: Axes, points: dict[str, Place], methods: list[str]) -> None:
    """The boundary of what the methods reach: at each accuracy the best y of those at least as accurate."""
    front = sorted({(x.value, y.value) for _, x, y in (points[name] for name in methods if name in points)})
    if len(front) > 1:
        figure.line(
            axes, *zip(*front, strict=True), FRONT, linewidth=1.0, drawstyle="steps-pre", clip_on=False
        )
        figure.legend("Pareto front", color=FRONT.colour, linestyle=FRONT.line, linewidth=1.0)
