"""Bars by method: diversity (Table 2) and the mixtures of RQ4."""

from matplotlib.ticker import MaxNLocator

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures import palette
from tms.report.figures.figure import CHANGE, LOSS, SHARE, SIZE, Figure
from tms.report.figures.palette import KINDS, Style
from tms.report.wording import PERCENT, POINTS, heading, spoken

DIVERSITY = {
    "pass_at_1": ("Pass@1 (%)", 100, PERCENT, SHARE),
    "pass_at_k": ("Pass@{k}, unbiased (%)", 100, PERCENT, SHARE),
    "sc_acc": ("SC-Acc, vote of {k} (%)", 100, PERCENT, SHARE),
    "ans_ent": ("AnsEnt (nats)", 1, " nats", SIZE),
}
MIXTURE = {
    "target_mean": ("target mean\n(%)", "target", PERCENT, SHARE),
    "xfer": ("transfer\n(points)", "transfer", POINTS, CHANGE),
    "forgetting": ("forgetting F\n(points)", "F", POINTS, LOSS),
}


def diversity(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Failure mode B (Table 2): coverage and diversity of the same samples, by method and target task.

    Raises:
        NotMeasuredError: the model has no experiment diversity, or nothing was measured.
    """
    lookup.require("diversity")
    methods = list(dict.fromkeys(["base", *lookup.info.experiments["diversity"]]))
    title = heading("Coverage and diversity of sampled answers", lookup)
    figure = Figure("diversity", title, rows=2, columns=2, height=4.4)
    ks = {f"{cell['x']:g}" for cell in lookup.cells("diversity", "pass_at_k") if cell["x"]}
    tasks = lookup.info.suite.target_tasks
    width = 0.84 / len(methods)
    for axes, (quantity, (label, factor, unit, possible)) in zip(
        figure.panels, DIVERSITY.items(), strict=True
    ):
        figure.limit(axes, y=possible)
        for place, task in enumerate(tasks):
            for rank, method in enumerate(methods):
                reading = lookup.reading("diversity", quantity, method, train_task=task)
                if reading:
                    reading = reading.scaled(factor)
                    middle = place + (rank - (len(methods) - 1) / 2) * width
                    text = f"{labels.method(method)}, {labels.benchmark(task)}: "
                    text += spoken(labels.quantity(quantity), reading, unit)
                    figure.bar(axes, middle, reading, styles[method], text, 0.92 * width)
                    figure.legend(labels.method(method), styles[method], bar=True)
        turned = {"rotation": 20, "ha": "right"} if len(tasks) > 2 else {}
        axes.set_xticks(range(len(tasks)), [labels.benchmark(task) for task in tasks], **turned)
        axes.set_ylabel(label.format(k="/".join(sorted(ks)) or "K"))
        axes.grid(axis="x", visible=False)
    if not figure.hovers:
        raise NotMeasuredError("experiment diversity: no samples were measured")
    figure.caption = "Of many samples of each prompt; at one sample, Pass@1 is their mean score."
    return figure


def mixture(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """RQ4: TMS beside other mixtures and self-distillation, one line a method.

    Raises:
        NotMeasuredError: the model has no experiment mixture, or nothing was measured.
    """
    lookup.require("mixture")
    chosen = lookup.summarised(("main", "mixture"))
    title = heading("Beyond self-distillation: mixtures, RQ4", lookup)
    figure = Figure("mixture", title, columns=3, height=1.4 + 0.28 * len(chosen), sharey=True)
    for axes, (quantity, (label, short, unit, possible)) in zip(figure.panels, MIXTURE.items(), strict=True):
        figure.limit(axes, x=possible)
        for place, (method, experiment) in enumerate(chosen.items()):
            reading = lookup.reading(experiment, quantity, method)
            if reading:
                reading = reading.scaled(100)
                text = f"{labels.method(method)}: {spoken(short, reading, unit)}"
                _beam(figure, axes, place, reading, styles[method], text)
        axes.set_yticks(range(len(chosen)), [labels.method(method) for method in chosen])
        axes.set_xlabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        axes.grid(axis="y", visible=False)
        axes.axvline(0, color=KINDS["base"].colour, linewidth=0.8)
    if not figure.hovers:
        raise NotMeasuredError("experiment mixture: no summary was measured")
    figure.panels[0].invert_yaxis()
    figure.caption = "A line from 0 to each method's value; the methods of main come first."
    return figure


def _beam(figure: Figure, axes, place: int, reading: Reading, style: Style, text: str) -> None:
    """A thin line from 0 with the method's marker at its end: names stay level, however long."""
    axes.plot([0, reading.value], [place, place], color=palette.RULE, linewidth=2, zorder=1)
    figure.point(axes, reading, Reading(place), style, text)
