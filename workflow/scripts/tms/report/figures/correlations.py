"""Figures 2a and 2b: forgetting against the distance from the base, and against Policy-Label Divergence."""

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures.figure import Figure, logarithmic
from tms.report.figures.palette import GREY, Style
from tms.report.wording import EXAMPLES_ONLY, LOSSES_ONLY, PERCENT, heading, spoken

DECADE = 10  # a range of values wider than this asks for a logarithmic axis
SIZES = (5.5, 8.5, 3.5, 7, 4.5)  # markers of the target tasks
MAGNITUDE = "forgetting magnitude −F (points)"
DIRECTIONS = {"policy_base": "KL(policy ‖ base)", "base_policy": "KL(base ‖ policy)"}


def figure2a(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Forgetting against KL to the base: both directions, on held-out and on retention prompts (RQ6).

    Raises:
        NotMeasuredError: no method has both numbers.
    """
    lookup.require("main")
    title = heading("Figure 2a: forgetting against KL to the base", lookup)
    figure = Figure("figure2a", title, rows=2, columns=2, height=5.8, sharey=True)
    places = [(direction, prompts) for direction in DIRECTIONS for prompts in ("heldout", "retention")]
    said = []
    for axes, (direction, prompts) in zip(figure.panels, places, strict=True):
        predictor = f"kl.{direction}.per_sequence"
        said.append(_panel(figure, axes, lookup, styles, predictor, prompts, "all"))
        axes.set_xlabel(f"{DIRECTIONS[direction]} (nats / sequence)")
        low, high = axes.dataLim.intervalx
        if 0 < low < high / DECADE:
            logarithmic(axes.xaxis)
        axes.set_title(f"{labels.prompts(prompts)}\n{axes.get_title()}", fontsize=8.5)
    return _finished(figure, lookup.info.suite.targets, said)


def figure2b(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Forgetting against held-out PLD within the SFT family: to references, and to own supervision.

    Raises:
        NotMeasuredError: no method has both numbers.
    """
    lookup.require("main")
    title = heading("Figure 2b: forgetting against PLD, SFT family", lookup)
    figure = Figure("figure2b", title, columns=2, height=3.4, sharey=True)
    said = []
    for axes, predictor in zip(figure.panels, ("pld_ref", "pld_own"), strict=True):
        said.append(_panel(figure, axes, lookup, styles, f"{predictor}.per_sequence", "", "sft"))
        axes.set_xlabel(f"{labels.quantity(predictor)} (nats / sequence)")
    figure.caption = "PLD to own supervision includes the entropy of that supervision. "
    return _finished(figure, lookup.info.suite.targets, said)


def _finished(figure: Figure, tasks: list[str], said: list[str]) -> Figure:
    if not figure.hovers:
        raise NotMeasuredError("no method has both forgetting and this divergence measured")
    for axes in figure.panels[::2]:
        axes.set_ylabel(MAGNITUDE)
    for place, task in enumerate(tasks):
        shown = Style(GREY, "o", filled=False)
        figure.legend(f"on {labels.benchmark(task)}", shown, markersize=SIZES[place % len(SIZES)])
    figure.caption += "Each point: the runs of a method on a target task, which its size tells. "
    if any(said):
        figure.caption += f"Rank correlations: {'; '.join(filter(None, said))}. "
    figure.caption += f"{LOSSES_ONLY} "
    figure.caption += EXAMPLES_ONLY
    return figure


def _panel(figure, axes, lookup, styles, predictor, prompts, family) -> str:
    """Draw each method's runs on each target task; returns the panel's rank correlation in words."""
    points = []
    for method, experiment in lookup.summarised().items():
        if method == "base" or (family == "sft" and not lookup.info.is_on_rows(method)):
            continue
        for place, task in enumerate(lookup.info.suite.targets):
            x = lookup.reading(experiment, predictor, method, train_task=task, prompts=prompts)
            y = lookup.reading(experiment, "forgetting", method, train_task=task)
            if x and y:
                y = y.scaled(-100)
                where = f"{labels.method(method)} on {labels.benchmark(task)}"
                text = (
                    f"{where}: {spoken(labels.quantity(predictor), x, ' nats')}; {spoken('−F', y, PERCENT)}"
                )
                points.append((x.plain, y.plain, styles[method], text, SIZES[place % len(SIZES)]))
                figure.legend(labels.method(method), styles[method])
    for point in reversed(points):  # the methods of main come first, and lie on top
        figure.point(axes, *point)
    whole, within, alone = correlation(lookup, predictor, prompts, family)
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


def _short(reading: Reading) -> str:
    bounds = "" if reading.low is None else f" [{reading.low:.2f}, {reading.high:.2f}]"
    return f"{reading.value:.2f}{bounds}"


def correlation(
    lookup: CellLookup, predictor: str, prompts: str, family: str
) -> tuple[Reading | None, Reading | None, list[float]]:
    """Spearman's rank correlation of forgetting with a predictor.

    Returns:
        Over all points, with ranks within each target task, and over all points without one method each.
    """
    where = {"prompts": prompts, "group": family, "train_task": ""}
    cells = lookup.cells("correlations", f"spearman.{predictor}", **where)
    ranked = lookup.cells("correlations", f"spearman_within.{predictor}", **where)
    whole = [Reading.of(cell) for cell in cells if not cell["method"]]
    within = [Reading.of(cell) for cell in ranked if not cell["method"]]
    alone = [cell["value"] for cell in cells if cell["method"]]
    return whole[0] if whole else None, within[0] if within else None, alone
