"""Figures 2a and 2b: forgetting against the distance from the base, and against Policy-Label Divergence."""

from dataclasses import replace

from tms.experiments import labels
from tms.experiments.correlations import trains_on_references
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures.figure import SHARE, SIZE, Figure, logarithmic
from tms.report.figures.palette import BESIDE, Style
from tms.report.model_info import NAMED
from tms.report.precision import rounded
from tms.report.wording import POINTS, heading, spoken

DECADE = 10  # a range of values wider than this asks for a logarithmic axis
MARKERS = ("o", "s", "^", "D", "v", "p")  # of the target tasks
MAGNITUDE = "forgetting −F (points)"
DIRECTIONS = {"policy_base": "KL(policy ‖ base)", "base_policy": "KL(base ‖ policy)"}


def figure2a(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Forgetting against KL to the base: both directions, on held-out and on retention prompts (RQ6).

    Raises:
        NotMeasuredError: no method has both numbers.
    """
    lookup.require("main")
    title = heading("Figure 2a: forgetting against KL to the base", lookup)
    figure = Figure("figure2a", title, rows=2, columns=2, height=5.4, sharey=True)
    places = [(direction, prompts) for direction in DIRECTIONS for prompts in ("heldout", "retention")]
    for axes, (direction, prompts) in zip(figure.panels, places, strict=True):
        predictor = f"kl.{direction}.per_sequence"
        _panel(figure, axes, lookup, styles, predictor, prompts, "all")
        axes.set_xlabel(f"{DIRECTIONS[direction]}\n(nats / sequence)")
        low, high = axes.dataLim.intervalx
        if 0 < low < high / DECADE:
            logarithmic(axes.xaxis)
        axes.set_title(f"{labels.prompts(prompts)}\n{axes.get_title()}")
    return _finished(figure, lookup.info.suite.targets)


def figure2b(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Forgetting against held-out PLD within the SFT family: to references, and to own supervision.

    Raises:
        NotMeasuredError: no method has both numbers.
    """
    lookup.require("main")
    title = heading("Figure 2b: forgetting against PLD, SFT family", lookup)
    figure = Figure("figure2b", title, columns=2, height=3.4, sharey=True)
    for axes, predictor in zip(figure.panels, ("pld_ref", "pld_own"), strict=True):
        _panel(figure, axes, lookup, styles, f"{predictor}.per_sequence", "", "sft")
        axes.set_xlabel(f"{labels.quantity(predictor)}\n(nats / sequence)")
    return _finished(figure, lookup.info.suite.targets)


def _finished(figure: Figure, tasks: list[str]) -> Figure:
    if not figure.hovers:
        raise NotMeasuredError("no method has both forgetting and this divergence measured")
    for axes in figure.panels[::2]:
        axes.set_ylabel(MAGNITUDE)
    for place, task in enumerate(tasks):
        figure.legend(f"on {labels.benchmark(task)}", _shape(BESIDE, place))
    figure.caption = (
        "A point: a method's runs on one target task; grey: methods other than SFT and TMS, named on hover. "
        "ρ: Spearman's rank correlation over recipes, means of methods that are near-copies."
    )
    return figure


def _shape(style: Style, place: int) -> Style:
    """A method's style with the marker of a target task."""
    return replace(style, marker=MARKERS[place % len(MARKERS)])


def _panel(figure, axes, lookup, styles, predictor, prompts, family) -> None:
    """Draw each method's runs on each target task, with the rank correlation above."""
    figure.limit(axes, x=SIZE, y=SHARE)
    for method, experiment in reversed(
        lookup.summarised().items()
    ):  # SFT and TMS are of main, and lie on top
        if method == "base" or (family == "sft" and not lookup.info.is_on_rows(method)):
            continue
        for place, task in enumerate(lookup.info.suite.targets):
            own = trains_on_references(lookup.info.kinds[method])
            measured = predictor.replace("pld_own", "pld_ref") if own else predictor
            x = lookup.reading(experiment, measured, method, train_task=task, prompts=prompts)
            y = lookup.reading(experiment, "forgetting", method, train_task=task)
            if not x or not y:
                continue
            y = y.scaled(-100)
            where = f"{labels.method(method)} on {labels.benchmark(task)}"
            text = f"{where}: {spoken(labels.quantity(predictor), x, ' nats')}; {spoken('−F', y, POINTS)}"
            if method in NAMED:
                style, name = _shape(styles[method], place), labels.method(method)
                figure.point(axes, x.plain, y.plain, style, text, size=7, label=name, above=1)
            else:
                style = _shape(BESIDE, place)
                figure.point(axes, Reading(x.value), Reading(y.value), style, text, size=4.5)
    whole = correlation(lookup, predictor, prompts, family)
    axes.set_title(f"ρ = {_short(whole)}" if whole else "ρ not measured")


def _short(reading: Reading) -> str:
    shown = rounded(reading)
    return f"{shown.value} [{shown.low}, {shown.high}]" if shown.low else shown.value


def correlation(lookup: CellLookup, predictor: str, prompts: str, family: str) -> Reading | None:
    """Spearman's rank correlation of forgetting with a predictor, over all points."""
    where = {"prompts": prompts, "group": family, "train_task": "", "method": ""}
    cells = lookup.cells("correlations", f"spearman.{predictor}", **where)
    return Reading.of(cells[0]) if cells else None
