"""Figures 2a and 2b: forgetting against the distance from the base, and against Policy-Label Divergence."""

from tms.experiments import labels
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.figures.figure import Figure, logarithmic
from tms.report.figures.style import GREY, Style
from tms.report.model_info import ON_POLICY_KINDS, ModelInfo
from tms.report.wording import EXAMPLES_ONLY, LOSSES_ONLY, PERCENT, heading, spoken

DECADE = 10  # a range of values wider than this asks for a logarithmic axis
SIZES = (5.5, 8.5, 3.5, 7, 4.5)  # markers of the target tasks
MAGNITUDE = "forgetting magnitude −F (points)"
DIRECTIONS = {"policy_base": "KL(policy ‖ base)", "base_policy": "KL(base ‖ policy)"}


def figure2a(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Forgetting against KL to the base: both directions, on held-out and on retention prompts (RQ6).

    Raises:
        NotDrawnError: no method has both numbers.
    """
    book.require(subject.model, "main")
    title = heading("Figure 2a: forgetting against KL to the base", book, subject.model)
    sheet = Figure("figure2a", title, rows=2, columns=2, height=5.8, sharey=True)
    places = [(direction, prompts) for direction in DIRECTIONS for prompts in ("heldout", "retention")]
    said = []
    for axes, (direction, prompts) in zip(sheet.panels, places, strict=True):
        predictor = f"kl.{direction}.per_sequence"
        said.append(_panel(sheet, axes, book, subject, looks, predictor, prompts, "all"))
        axes.set_xlabel(f"{DIRECTIONS[direction]} (nats / sequence)")
        low, high = axes.dataLim.intervalx
        if 0 < low < high / DECADE:
            logarithmic(axes.xaxis)
        axes.set_title(f"{labels.prompts(prompts)}\n{axes.get_title()}", fontsize=8.5)
    return _finished(sheet, subject.suite.targets, said)


def figure2b(book: Book, subject: ModelInfo, looks: dict[str, Style]) -> Figure:
    """Forgetting against held-out PLD within the SFT family: to references, and to own supervision.

    Raises:
        NotDrawnError: no method has both numbers.
    """
    book.require(subject.model, "main")
    title = heading("Figure 2b: forgetting against PLD, SFT family", book, subject.model)
    sheet = Figure("figure2b", title, columns=2, height=3.4, sharey=True)
    said = []
    for axes, predictor in zip(sheet.panels, ("pld_ref", "pld_own"), strict=True):
        said.append(_panel(sheet, axes, book, subject, looks, f"{predictor}.per_sequence", "", "sft"))
        axes.set_xlabel(f"{labels.quantity(predictor)} (nats / sequence)")
    sheet.caption = "PLD to own supervision includes the entropy of that supervision. "
    return _finished(sheet, subject.suite.targets, said)


def _finished(sheet: Figure, tasks: list[str], said: list[str]) -> Figure:
    if not sheet.hovers:
        raise NotDrawnError("no method has both forgetting and this divergence measured")
    for axes in sheet.panels[::2]:
        axes.set_ylabel(MAGNITUDE)
    for place, task in enumerate(tasks):
        shown = Style(GREY, "o", filled=False)
        sheet.legend(f"on {labels.benchmark(task)}", shown, markersize=SIZES[place % len(SIZES)])
    sheet.caption += "Each point: the runs of a method on a target task, which its size tells. "
    if any(said):
        sheet.caption += f"Rank correlations: {'; '.join(filter(None, said))}. "
    sheet.caption += f"{LOSSES_ONLY} "
    sheet.caption += EXAMPLES_ONLY
    return sheet


def _panel(sheet, axes, book, subject, looks, predictor, prompts, family) -> str:
    """Draw each method's runs on each target task; returns the panel's rank correlation in words."""
    points = []
    for method, experiment in book.measured(subject.model).items():
        if method == "base" or (family == "sft" and subject.kinds[method] in ON_POLICY_KINDS):
            continue
        for place, task in enumerate(subject.suite.targets):
            x = book.reading(subject.model, experiment, predictor, method, train_task=task, prompts=prompts)
            y = book.reading(subject.model, experiment, "forgetting", method, train_task=task)
            if x and y:
                y = y.scaled(-100)
                where = f"{labels.method(method)} on {labels.benchmark(task)}"
                text = (
                    f"{where}: {spoken(labels.quantity(predictor), x, ' nats')}; {spoken('−F', y, PERCENT)}"
                )
                points.append((x.plain, y.plain, looks[method], text, SIZES[place % len(SIZES)]))
                sheet.legend(labels.method(method), looks[method])
    for point in reversed(points):  # the methods of main come first, and lie on top
        sheet.point(axes, *point)
    whole, within, alone = correlation(book, subject.model, predictor, prompts, family)
    if not whole:
        axes.set_title("rank correlation not measured")
        return ""
    text = f"Spearman ρ = {_short(whole)}"
    more = [f"within targets {within.value:.2f}"] if within else []
    more += [f"without a method {min(alone):.2f} to {max(alone):.2f}"] if alone else []
    axes.set_title(f"{text}\n{', '.join(more)}", fontsize=8.5)
    where = f", {labels.prompts(prompts)}" if prompts else ""
    said = f"{labels.quantity(predictor)}{where}: {spoken('ρ', whole)} over {whole.n} points"
    return f"{said}, {spoken('within target tasks', within)}" if within else said


def _short(found: Reading) -> str:
    bounds = "" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]"
    return f"{found.value:.2f}{bounds}"


def correlation(
    book: Book, model: str, predictor: str, prompts: str, family: str
) -> tuple[Reading | None, Reading | None, list[float]]:
    """Spearman's rank correlation of forgetting with a predictor.

    Returns:
        Over all points, with ranks within each target task, and over all points without one method each.
    """
    where = {"prompts": prompts, "group": family, "train_task": ""}
    cells = book.cells(model, "relations", f"spearman.{predictor}", **where)
    ranked = book.cells(model, "relations", f"spearman_within.{predictor}", **where)
    whole = [Reading.of(cell) for cell in cells if not cell["method"]]
    within = [Reading.of(cell) for cell in ranked if not cell["method"]]
    alone = [cell["value"] for cell in cells if cell["method"]]
    return whole[0] if whole else None, within[0] if within else None, alone
