"""Bars by method: diversity (Table 2) and the mixtures of RQ4."""

from tms.experiments import labels
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.figures import style
from tms.report.figures.figure import Figure
from tms.report.figures.style import KINDS, Style
from tms.report.model_info import ModelInfo
from tms.report.wording import BARS, LOSSES_ONLY, PERCENT, heading, spoken

DIVERSITY = {
    "pass_at_1": ("Pass@1 (%)", 100, PERCENT),
    "pass_at_k": ("Pass@{k}, unbiased (%)", 100, PERCENT),
    "sc_acc": ("SC-Acc, vote of {k} (%)", 100, PERCENT),
    "ans_ent": ("AnsEnt (nats)", 1, " nats"),
}
MIXTURE = {
    "target_mean": ("target mean (%)", "target", PERCENT),
    "xfer": ("transfer (points)", "transfer", " points"),
    "forgetting": ("forgetting F (points)", "F", " points"),
}


def diversity(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Failure mode B (Table 2): coverage and diversity of the same samples, by method and target task.

    Raises:
        NotDrawnError: the model has no experiment diversity, or nothing was measured.
    """
    book.require(subject.model, "diversity")
    methods = list(dict.fromkeys(["base", *subject.experiments["diversity"]]))
    title = heading("Coverage and diversity of sampled answers", book, subject.model)
    sheet = Figure("diversity", title, rows=2, columns=2, height=5.2)
    ks = {f"{cell['x']:g}" for cell in book.cells(subject.model, "diversity", "pass_at_k") if cell["x"]}
    tasks = subject.suite.targets
    width = 0.84 / len(methods)
    for axes, (quantity, (label, factor, unit)) in zip(sheet.panels, DIVERSITY.items(), strict=True):
        for place, task in enumerate(tasks):
            for rank, method in enumerate(methods):
                found = book.reading(subject.model, "diversity", quantity, method, train_task=task)
                if found:
                    found = found.scaled(factor)
                    middle = place + (rank - (len(methods) - 1) / 2) * width
                    text = f"{labels.method(method)}, {labels.benchmark(task)}: "
                    text += spoken(labels.quantity(quantity), found, unit)
                    sheet.bar(axes, middle, found, looks[method], text, 0.92 * width)
                    sheet.legend(labels.method(method), looks[method], bar=True)
        turned = {"rotation": 20, "ha": "right"} if len(tasks) > 3 else {}
        axes.set_xticks(range(len(tasks)), [labels.benchmark(task) for task in tasks], **turned)
        axes.set_ylabel(label.format(k="/".join(sorted(ks)) or "K"))
        axes.grid(axis="x", visible=False)
    if not sheet.hovers:
        raise NotDrawnError("experiment diversity: no samples were measured")
    sheet.caption = BARS
    return sheet


def mixture(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """RQ4: TMS beside other mixtures and self-distillation, one line a method.

    Raises:
        NotDrawnError: the model has no experiment mixture, or nothing was measured.
    """
    book.require(subject.model, "mixture")
    chosen = book.measured(subject.model, ("main", "mixture"))
    title = heading("Beyond self-distillation: mixtures, RQ4", book, subject.model)
    sheet = Figure("mixture", title, columns=3, height=1.4 + 0.28 * len(chosen), sharey=True)
    for axes, (quantity, (label, short, unit)) in zip(sheet.panels, MIXTURE.items(), strict=True):
        for place, (method, experiment) in enumerate(chosen.items()):
            found = book.reading(subject.model, experiment, quantity, method)
            if found:
                found = found.scaled(100)
                text = f"{labels.method(method)}: {spoken(short, found, unit)}"
                _beam(sheet, axes, place, found, looks[method], text)
        axes.set_yticks(range(len(chosen)), [labels.method(method) for method in chosen])
        axes.set_xlabel(label)
        axes.grid(axis="y", visible=False)
        axes.axvline(0, color=KINDS["base"].colour, linewidth=0.8)
    if not sheet.hovers:
        raise NotDrawnError("experiment mixture: no summary was measured")
    sheet.panels[0].invert_yaxis()
    sheet.caption = f"{LOSSES_ONLY} {BARS}"
    return sheet


def _beam(sheet: Figure, axes, place: int, reading: Reading, look: Style, text: str) -> None:
    """A thin line from 0 with the method's marker at its end: names stay level, however long."""
    axes.plot([0, reading.value], [place, place], color=style.RULE, linewidth=2, zorder=1)
    sheet.point(axes, reading, Reading(place), look, text)
