"""Figures 3 and 4 and the alpha sweep: summaries along the model's size or a setting of TMS."""

from tms.experiments import labels
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.figures.figure import Figure
from tms.report.figures.style import KINDS, Style
from tms.report.model_info import ModelInfo
from tms.report.wording import BARS, LOSSES_ONLY, PERCENT, heading, spoken

SHOWN = {
    "target_mean": ("target", "target mean (%)"),
    "xfer": ("transfer", "transfer to other targets\n(points; 0: none)"),
    "forgetting": ("F", "forgetting F\n(points; 0: none)"),
}


def figure3(book: Book, looks: dict[str, Style]) -> Figure:
    """Target mean and transfer over the models' sizes (RQ7).

    Raises:
        NotDrawnError: fewer than two models have a size and the experiment main.
    """
    sized = []
    for subject in book.subjects:
        if subject.parameters and "main" in subject.experiments:
            book.require(subject.model, "main")
            sized.append(subject)
    if len(sized) < 2:
        raise NotDrawnError(
            f"scaling needs two models with `parameters` and the experiment main; this scope has {len(sized)}"
        )
    sized.sort(key=lambda subject: subject.parameters)
    sheet = Figure("figure3", f"Figure 3: scaling ({len(sized)} models)", columns=2, height=4.0)
    for axes, (quantity, (short, label)) in zip(sheet.panels, SHOWN.items(), strict=False):
        methods = dict.fromkeys(["base", *(name for one in sized for name in one.experiments["main"])])
        for method in methods:
            found = [
                (one.parameters, reading.scaled(100), one.model)
                for one in sized
                if (reading := book.reading(one.model, "main", quantity, method))
            ]
            if not found:
                continue
            look = looks[method]
            sheet.line(axes, [x for x, _, _ in found], [y.value for _, y, _ in found], look)
            for x, y, model in found:
                text = f"{labels.method(method)}, {model}: {spoken(short, y, PERCENT)}"
                sheet.point(axes, x, y, look, text)
            sheet.legend(labels.method(method), look, line=True)
        axes.set_xscale("log")
        axes.set_xticks([subject.parameters for subject in sized], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_xticklabels([f"{subject.parameters / 1e9:.2g}" for subject in sized])
        axes.set(xlabel="parameters (billions)", ylabel=label)
    sheet.caption = f"Models: {', '.join(subject.model for subject in sized)}. {BARS}"
    return sheet


def figure4(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """The sweep over the number of checkpoints T (RQ10).

    Raises:
        NotDrawnError: the model has no experiment checkpoints, or nothing was measured.
    """
    title = heading("Figure 4: number of checkpoints T", book, subject.model)
    return _sweep(book, subject, "checkpoints", "figure4", title, "checkpoints T")


def alpha(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """The sweep over alpha, the probability of the teacher's answer; SFT is its end.

    Raises:
        NotDrawnError: the model has no experiment alpha, or nothing was measured.
    """
    title = heading("Share of the teacher's answers", book, subject.model)
    return _sweep(book, subject, "alpha", "alpha", title, "α (teacher's share)")


def _sweep(book: Book, subject: ModelInfo, experiment: str, name: str, title: str, label: str) -> Figure:
    book.require(subject.model, experiment)
    sheet = Figure(name, title, columns=3, height=3.5)
    short = label.split()[-1] if name == "figure4" else "α"
    for axes, (quantity, (word, unit)) in zip(sheet.panels, SHOWN.items(), strict=True):
        found = []
        for method in subject.experiments[experiment]:
            reading = book.reading(subject.model, experiment, quantity, method)
            if reading and reading.x is not None:
                found.append((reading.x, reading.scaled(100), method))
        found.sort(key=lambda point: point[0])
        sheet.line(axes, [x for x, _, _ in found], [y.value for _, y, _ in found], KINDS["tms"])
        for x, y, method in found:
            kind = subject.kinds[method]
            text = f"{labels.method(method)}, {short} = {x:g}: {spoken(word, y, PERCENT)}"
            sheet.point(axes, x, y, KINDS[kind], text)
            sheet.legend(labels.method(kind), KINDS[kind], line=kind == "tms")
        if found:
            axes.set_xticks([x for x, _, _ in found])
        axes.set(xlabel=label, ylabel=unit)
        _references(sheet, axes, book, subject, experiment, quantity)
    if not sheet.hovers:
        raise NotDrawnError(f"experiment {experiment}: no method has a setting and a summary")
    sheet.caption = f"{LOSSES_ONLY} {BARS}"
    return sheet


def _references(sheet, axes, book, subject, experiment, quantity) -> None:
    """Level lines of the base (in its own colour) and of SFT, where the sweep does not hold it."""
    for method, source in (("base", experiment), ("sft", "main")):
        if method in subject.experiments[experiment]:
            continue
        reading = book.reading(subject.model, source, quantity, method)
        if method == "base" and quantity != "target_mean":
            reading = Reading(0.0)
        if reading:
            look = KINDS[method]
            axes.axhline(100 * reading.value, color=look.colour, linestyle=look.line, linewidth=1.2, zorder=1)
            sheet.legend(labels.method(method), color=look.colour, linestyle=look.line)
