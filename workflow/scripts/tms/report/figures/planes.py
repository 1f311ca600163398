"""Figures 2c, 2d and compute: methods as points of a plane."""

from matplotlib.ticker import EngFormatter, MaxNLocator

from tms.experiments import labels
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.figures import style
from tms.report.figures.figure import Figure, logarithmic
from tms.report.figures.style import Style
from tms.report.model_info import ModelInfo
from tms.report.wording import BARS, EXAMPLES_ONLY, LOSSES_ONLY, PERCENT, heading, spoken

ACCURACY = "target accuracy (%)"
FORGETTING = "forgetting F (points; 0: none)"
WIDE = 10  # a range of costs that asks for a logarithmic axis
FRONT = Style(style.BLACK, "", (0, (4, 2)))


def figure2c(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Target accuracy against forgetting, with the Pareto front of the methods.

    Raises:
        NotDrawnError: the model has no experiment main, or nothing was measured.
    """
    book.require(subject.model, "main")
    title = heading("Figure 2c: accuracy against forgetting", book, subject.model)
    sheet = Figure("figure2c", title, height=4.2)
    axes = sheet.panels[0]
    found = {}
    for method, experiment in book.measured(subject.model).items():
        x = book.reading(subject.model, experiment, "target_mean", method)
        y = book.reading(subject.model, experiment, "forgetting", method)
        if method == "base" and x:
            y = y or Reading(0.0)
        if x and y:
            found[method] = (x.scaled(100), y.scaled(100))
    _points(sheet, axes, found, looks, ("target", PERCENT), ("F", " points"), plain=True)
    _front(sheet, axes, found, _on_front(book, subject.model, "forgetting"))
    axes.set(xlabel=ACCURACY, ylabel=FORGETTING)
    sheet.caption = (
        f"Methods up and to the right are better; the base forgets nothing. {LOSSES_ONLY} {EXAMPLES_ONLY}"
    )
    return sheet


def figure2d(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Target accuracy against KL(policy || base), on held-out and on retention prompts, with the front.

    Raises:
        NotDrawnError: the model has no experiment main, or no method has both numbers.
    """
    book.require(subject.model, "main")
    title = heading("Figure 2d: accuracy against KL to the base", book, subject.model)
    sheet = Figure("figure2d", title, columns=2, height=4.2)
    for axes, prompts in zip(sheet.panels, ("heldout", "retention"), strict=True):
        found = {}
        for method, experiment in book.measured(subject.model).items():
            x = book.reading(subject.model, experiment, "target_mean", method)
            y = book.reading(
                subject.model, experiment, "kl.policy_base.per_sequence", method, prompts=prompts
            )
            if method == "base":
                y = Reading(0.0)
            if x and y:
                found[method] = (x.scaled(100), y)
        if set(found) - {"base"}:
            _points(sheet, axes, found, looks, ("target", PERCENT), ("KL", " nats"), plain=True)
            _front(sheet, axes, found, _on_front(book, subject.model, "kl", prompts))
        axes.set(xlabel=ACCURACY, title=labels.prompts(prompts))
    sheet.panels[0].set_ylabel("KL(policy ‖ base) (nats / sequence)")
    if not sheet.hovers:
        raise NotDrawnError("no method has both accuracy and KL to the base measured")
    sheet.caption = f"Methods down and to the right are better; the base has no divergence. {EXAMPLES_ONLY}"
    return sheet


def compute(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Accuracy and forgetting against all tokens and seconds that a method depends on.

    Raises:
        NotDrawnError: the model has no experiment main, or no cost was measured.
    """
    book.require(subject.model, "main")
    title = heading("Accuracy and forgetting against compute", book, subject.model)
    sheet = Figure("compute", title, rows=2, columns=2, height=5.4, sharex="col", sharey="row")
    costs = (
        ("tokens trained on and generated", ("trained_tokens", "generated_tokens")),
        ("seconds", ("seconds",)),
    )
    shown = (("target_mean", "target", ACCURACY), ("forgetting", "F", FORGETTING))
    places = [(quantity, cost) for quantity in shown for cost in costs]
    for axes, ((quantity, short, label), (unit, parts)) in zip(sheet.panels, places, strict=True):
        found = {}
        for method, experiment in book.measured(subject.model, ("main", "mixture")).items():
            spent = [book.reading(subject.model, experiment, f"cost.{part}", method) for part in parts]
            y = book.reading(subject.model, experiment, quantity, method)
            if all(spent) and y and method != "base":
                found[method] = (Reading(sum(part.value for part in spent)), y.scaled(100))
        if found:
            _points(sheet, axes, found, looks, ("", f" {unit}"), (short, PERCENT))
            low, high = axes.dataLim.intervalx
            if high > WIDE * low:  # sampling in every step takes many times what one harvest takes
                logarithmic(axes.xaxis)
            else:
                axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.xaxis.set_major_formatter(EngFormatter(sep="\N{THIN SPACE}"))
        if axes in sheet.panels[2:]:
            axes.set_xlabel(f"total {unit}")
        if axes in sheet.panels[::2]:
            axes.set_ylabel(label)
    if not sheet.hovers:
        raise NotDrawnError("no method's cost was measured")
    sheet.caption = (
        "Cost of everything that a method depends on (teacher, baseline SFT, harvest, student), for all "
        f"target tasks and one seed. {LOSSES_ONLY} {BARS}"
    )
    return sheet


def _points(sheet, axes, found, looks, first, second, plain=False) -> None:
    for method in found:
        sheet.legend(labels.method(method), looks[method])
    for method, (x, y) in reversed(found.items()):  # the methods of main come first, and lie on top
        label = labels.method(method)
        text = f"{label}: {spoken(first[0], x, first[1]).strip()}; {spoken(second[0], y, second[1])}"
        sheet.point(axes, *((x.plain, y.plain) if plain else (x, y)), looks[method], text)


def _on_front(book: Book, model: str, plane: str, prompts: str = "") -> list[str]:
    """The methods on a plane's Pareto front, as the relations' cells say; the base is none of them."""
    cells = book.cells(model, "relations", f"pareto.{plane}", prompts=prompts)
    return [cell["method"] for cell in cells if cell["value"]]


def _front(sheet, axes, points: dict[str, tuple[Reading, Reading]], methods: list[str]) -> None:
    """The boundary of what the methods reach: at each accuracy the best y of those at least as accurate."""
    front = sorted({(x.value, y.value) for x, y in (points[name] for name in methods if name in points)})
    if len(front) > 1:
        sheet.line(axes, *zip(*front, strict=True), FRONT, linewidth=1.0, drawstyle="steps-pre")
        sheet.legend("Pareto front", color=FRONT.colour, linestyle=FRONT.line, linewidth=1.0)
