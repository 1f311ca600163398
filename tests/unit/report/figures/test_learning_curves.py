"""Learning curves of SFT and TMS: what is there is drawn, what is missing is said."""

import pytest
from helpers import report_cells

from tms.report.cell_lookup import NotMeasuredError
from tms.report.figures import learning, palette


def drawn(cells: list[dict]):
    lookup = report_cells.lookup(cells=cells)
    return learning.learning_curves(lookup, palette.assign(lookup.info.kinds))


def lines(axes) -> list:
    return [line for line in axes.lines if line.get_marker() == "None"]


def test_losses_and_scores_share_one_axis_of_the_run():
    figure = drawn(report_cells.MadeCells("tiny").all())
    assert [axes.get_ylabel().partition("\n")[0] for axes in figure.panels] == [
        "training loss",
        "held-out loss",
        "target score",
        "retention",
    ]
    training, heldout, target, _ = figure.panels
    lookup = report_cells.lookup()
    cells = lookup.cells("main", "along.loss", method="tms", train_task="")
    (own,) = [line for line in lines(training) if line.get_color() == palette.KINDS["tms"].colour]
    assert own.get_xydata().tolist() == [[100 * cell["x"], cell["value"]] for cell in cells]
    for axes, points in ((heldout, [0, 20, 40, 70, 100]), (target, [0, 20, 40, 70, 100])):
        assert all(line.get_xdata() == pytest.approx(points) for line in lines(axes))
    ends = [100 * lookup.reading("main", "target_mean", method).value for method in ("base", "sft")]
    (own,) = [line for line in lines(target) if line.get_color() == palette.KINDS["sft"].colour]
    assert [own.get_ydata()[0], own.get_ydata()[-1]] == ends
    assert "graded" not in figure.caption


def test_without_graded_checkpoints_there_are_the_ends():
    cells = report_cells.MadeCells("tiny").all()
    figure = drawn(
        [cell for cell in cells if cell["quantity"] not in ("along.target_mean", "along.retention_mean")]
    )
    for axes in figure.panels[2:]:
        assert all(list(line.get_xdata()) == [0, 100] for line in lines(axes))
        assert {line.get_linestyle() for line in lines(axes)} == {":"}
    assert "no checkpoint between the ends was graded" in figure.caption


def test_a_suite_without_scores_has_its_losses():
    cells = report_cells.MadeCells("tiny").learning()
    figure = drawn([cell for cell in cells if cell["experiment"] == "main"])
    assert len(figure.panels) == 2 and "No benchmark here has a score." in figure.caption


def test_nothing_measured_is_said():
    cells = report_cells.MadeCells("tiny").cell
    with pytest.raises(NotMeasuredError, match="no loss and no score of SFT or TMS"):
        drawn([cells("main", "xfer", 0.1, 0.1, method="sft", train_task="")])
