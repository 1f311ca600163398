"""Learning curves of SFT and TMS: losses, target and retention along their runs."""

from tms.experiments import labels, learning
from tms.experiments.measure_cells import ALONG
from tms.mixture.checkpoints import BASE, FINAL, parse_point
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.figures.figure import SHARE, SIZE, Figure
from tms.report.figures.palette import Style
from tms.report.wording import PERCENT, heading, spoken

TRAINING, HELDOUT, TARGET, RETENTION = "training", "heldout", "along.target_mean", "along.retention_mean"
# Row -> label of its axis, words and unit of a hover value, what it can be.
ROWS = {
    TRAINING: ("training loss\n(nats / token)", "training loss", " nats / token", SIZE),
    HELDOUT: ("held-out loss\n(nats / token)", "held-out loss", " nats / token", SIZE),
    TARGET: ("target score\n(%)", "target", PERCENT, SHARE),
    RETENTION: ("retention\n(mean score, %)", "retention", PERCENT, SHARE),
}
ROW_HEIGHT = 1.3  # inches
MARK = 4.5  # size of a checkpoint's marker
MARKED = 8  # stretches of the training loss between two hover values
Curve = list[tuple[float, Reading]]  # percent of the run, reading


def learning_curves(lookup: CellLookup, styles: dict[str, Style]) -> Figure:
    """Training loss, held-out loss, target and retention of SFT and TMS over the share of their runs.

    Means over the target tasks and seeds. Scores between the ends are there where checkpoints were graded
    (the experiment frontier).

    Raises:
        NotMeasuredError: the experiment main has neither method, or nothing was measured.
    """
    lookup.require("main")
    methods = [name for name in learning.METHODS if name in lookup.info.experiments["main"]]
    curves = {
        row: {method: curve for method in methods if (curve := _curve(lookup, row, method))} for row in ROWS
    }
    rows = [row for row, drawn in curves.items() if drawn]
    if not rows:
        raise NotMeasuredError("experiment main: no loss and no score of SFT or TMS was measured")
    figure = Figure(
        "learning",
        heading("Learning curves of SFT and TMS", lookup),
        rows=len(rows),
        height=0.7 + ROW_HEIGHT * len(rows),
        sharex=True,
    )
    for axes, row in zip(figure.panels, rows, strict=True):
        label, words, unit, possible = ROWS[row]
        figure.limit(axes, x=SHARE, y=possible)
        for method, curve in curves[row].items():
            xs, ys = [x for x, _ in curve], [y.value for _, y in curve]
            between = (
                {"linestyle": ":", "linewidth": 0.9} if row in learning.SCORES and len(curve) < 3 else {}
            )
            figure.line(axes, xs, ys, styles[method], **between)
            for x, y in curve[MARKED - 1 :: MARKED] if row == TRAINING else curve:
                text = f"{labels.method(method)} at {x:.0f} % of the run: {spoken(words, y, unit)}"
                figure.point(axes, x, y, styles[method], text, size=MARK)
            figure.legend(labels.method(method), styles[method], line=True, markersize=MARK)
        axes.set_ylabel(label)
    figure.panels[-1].set_xlabel("share of the run (%)")
    figure.figure.align_ylabels(figure.panels)
    figure.caption = _caption(curves)
    return figure


def _curve(lookup: CellLookup, row: str, method: str) -> Curve:
    """A quantity of a method by the percent of its runs that are done, from theta_0 to their end."""
    if row == TRAINING:
        cells = lookup.cells("main", learning.LOSS, method=method, train_task="")
        return sorted(((100 * cell["x"], Reading.of(cell)) for cell in cells), key=lambda point: point[0])
    if row == HELDOUT:
        cells = lookup.cells("main", ALONG, method=method, train_task="", prompts=HELDOUT)
        points = {cell["checkpoint"]: Reading.of(cell) for cell in cells}
    else:
        quantity = learning.SCORES[row]
        ends = {
            BASE: lookup.reading("main", quantity, "base"),
            FINAL: lookup.reading("main", quantity, method),
        }
        cells = lookup.cells("frontier", row, method=method)
        points = ends | {cell["checkpoint"]: Reading.of(cell) for cell in cells}
        points = {point: reading.scaled(100) for point, reading in points.items() if reading}
    return sorted(
        ((100 * float(parse_point(point)), reading) for point, reading in points.items()),
        key=lambda point: point[0],
    )


def _caption(curves: dict[str, dict[str, Curve]]) -> str:
    """One or two sentences: what is not comparable, and what was not measured."""
    said = []
    if len(curves[TRAINING]) > 1:
        said.append("Each training loss is of the method's own targets, so the two do not compare.")
    scored = [curve for row in (TARGET, RETENTION) for curve in curves[row].values()]
    if scored and all(len(curve) <= 2 for curve in scored):
        said.append("Dotted: no checkpoint between the ends was graded.")
    if not scored:
        said.append("No benchmark here has a score.")
    return " ".join(said) or "Means over the target tasks and seeds."
