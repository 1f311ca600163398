"""What a report shows beside scores, and of a model that has none: its table, its figure and its facts."""

import pytest

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.figures import palette, training
from tms.report.model_info import ModelInfo
from tms.report.page import page_tables
from tms.report.page.page_tables import from_markdown
from tms.report.tables.measures import measures

EXPERIMENTS, KINDS = {"main": ["sft", "tms"]}, {"sft": "sft", "tms": "tms"}
ALONG = {"0of1": 2.0, "1of2": 1.5, "1of1": 1.0}


def lookup(suite: Suite, *more: dict) -> CellLookup:
    """A model without scores whose losses fall along its runs."""
    measured = {"faq_loss": 1.25, "faq_bits_per_byte": 0.5, "faq_kl": 0.125, "faq_length": 31.0}
    measured |= {"faq_truncated": 0.25}
    cells = [
        cell("main", "m", name, value, method=method, ci_low=value - 0.05, ci_high=value + 0.05)
        for method in ("base", "sft", "tms")
        for name, value in measured.items()
        if method != "base" or name != "faq_kl"
    ]
    along = [
        cell(
            "main",
            "m",
            "loss.per_token",
            value,
            checkpoint=point,
            prompts=texts,
            train_task=task,
            method=method,
        )
        for method in ("sft", "tms")
        for texts, task in (("heldout", ""), ("heldout", "faq"), ("general", ""), ("general", "faq"))
        for point, value in ALONG.items()
    ]
    return CellLookup(ModelInfo("m", EXPERIMENTS, suite, KINDS), [*cells, *along, *more])


UNSCORED = Suite(["faq"], general=True, unscored=["faq"])


def test_measures_have_their_own_units():
    change = cell("main", "m", "delta.faq_loss", -0.25, method="sft", ci_low=-0.3, ci_high=-0.2)
    table = measures([lookup(UNSCORED, change)])
    lines = table.markdown().splitlines()
    assert lines[2] == "| Method | faq: loss, nats a token | faq: KL to base, nats a token |"
    assert lines[4:7] == [
        "| Base | 1.25 [1.20, 1.30] | – |",
        "| SFT | 1.25 [1.20, 1.30] (-0.25, -0.30 to -0.20) | 0.12 [0.07, 0.17] |",
        "| TMS | 1.25 [1.20, 1.30] | 0.12 [0.07, 0.17] |",
    ]
    # What all have is said once.
    said = "In every row: faq: loss, bits a byte 0.50 [0.45, 0.55]; faq: tokens a completion 31.0"
    assert said in lines[-1] and "faq: cut at the limit, % 25" in lines[-1]


def test_the_page_shows_a_change_with_its_interval(tmp_path):
    change = cell("main", "m", "delta.faq_loss", -0.25, method="sft", ci_low=-0.3, ci_high=-0.2)
    measures([lookup(UNSCORED, change)]).save(tmp_path)
    _, sft, _ = from_markdown(tmp_path / "measures.md", "measures", "Beside the scores").rows
    assert (sft[1].text, sft[1].below) == ("1.25", "1.20 to 1.30 (−0.25, −0.30 to −0.20)")


def test_a_model_without_any_score_has_no_table_of_scores():
    assert page_tables.scores(lookup(UNSCORED), {}).rows == []


def test_of_several_models_those_with_measures_have_rows():
    none = ModelInfo("n", EXPERIMENTS, Suite(["chain"], ["facts"]), KINDS)
    other = CellLookup(none, [cell("main", "n", "chain", 0.5, method="sft")])
    table = measures([other, lookup(UNSCORED)])
    assert [texts["model"] for texts, _ in table.rows] == ["m", "m", "m"]


def test_a_suite_that_asks_for_no_measures_has_no_such_table():
    with pytest.raises(NotMeasuredError, match="neither `general` nor a task with grader none"):
        measures([lookup(Suite(["chain"], ["facts"]))])


def test_losses_along_the_runs_have_a_panel_for_each_text():
    figure = training.losses(lookup(UNSCORED), palette.assign(KINDS))
    assert [axes.get_title() for axes in figure.panels] == ["faq: held-out references", "general text"]
    for axes in figure.panels:
        lines = [line.get_xydata().tolist() for line in axes.lines if line.get_linestyle() != "None"]
        assert lines == [[[0.0, 2.0], [0.5, 1.5], [1.0, 1.0]]] * 2
    assert len(figure.hovers) == 2 * 2 * 3
    assert "TMS at 0.5 of the run, general text 1.5" in " ".join(figure.hovers.values())


def test_a_suite_that_asks_for_no_measures_has_no_such_figure():
    info = ModelInfo("m", EXPERIMENTS, Suite(["chain"], ["facts"]), KINDS)
    found = CellLookup(info, [cell("main", "m", "chain", 0.5, method="sft")])
    with pytest.raises(NotMeasuredError, match="neither `general` nor grader none"):
        training.losses(found, palette.assign(KINDS))
