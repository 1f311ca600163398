"""Lookup of a model's cells: defaults, missing numbers, the cells behind a verdict."""

import pytest
from helpers import report_cells

from tms.experiments.cells import cell
from tms.report.cell_lookup import NotMeasuredError, Reading
from tms.report.research_questions.contrasts import Contrast
from tms.report.tables import all_tables

MAIN = {"main": ["sft", "tms"]}


def lookup(*cells):
    return report_cells.lookup(cells=list(cells), experiments=MAIN)


def test_a_reading_is_over_all_runs_at_their_end_unless_told():
    one_task = cell("main", "tiny", "chain", 0.1, method="tms", train_task="chain")
    early = cell("main", "tiny", "chain", 0.2, method="tms", checkpoint="1of5")
    other = cell("main", "other", "chain", 0.3, method="tms")
    whole = cell("main", "tiny", "chain", 0.4, method="tms", ci_low=0.3, ci_high=0.5)
    cells = lookup(one_task, early, other, whole)
    assert cells.reading("main", "chain", "tms") == Reading(0.4, 0.3, 0.5)
    assert cells.reading("main", "chain", "tms", train_task="chain").value == 0.1
    assert cells.reading("main", "chain", "sft") is None
    assert list(cells.used.values()) == [whole, one_task]
    assert cells.cells("main", "chain", checkpoint="1of5") == [early]
    assert list(cells.used.values()) == [whole, one_task, early]


def test_cells_without_a_value_name_methods_but_are_not_measured():
    cells = lookup(cell("main", "tiny", "chain", None, method="tms"))
    assert cells.methods("main") == ["tms"] and cells.cells("main", "chain") == []
    cells.require_methods("main", "tms")
    with pytest.raises(NotMeasuredError, match="experiment main has no method sft"):
        cells.require_methods("main", "sft", "tms")
    with pytest.raises(NotMeasuredError, match=r"experiment main of models\.tiny: nothing was measured"):
        cells.require("main")
    with pytest.raises(NotMeasuredError, match=r"models\.tiny has no experiment alpha"):
        cells.require("alpha")


def test_a_method_has_its_summary_from_the_first_experiment_that_holds_it():
    cells = report_cells.lookup()
    places = cells.summarised(("main", "mixture", "alpha"))
    assert next(iter(places)) == "base"
    assert (places["tms"], places["tms_alpha0"], places["tms_alpha50"]) == ("main", "mixture", "alpha")


def test_a_negative_factor_swaps_the_bounds():
    turned = Contrast.correlation("F", Reading(0.02, 0.01, 0.07, -0.1, 0.14, p_value=0.03)).scaled(-1)
    assert (turned.value, turned.low, turned.high, turned.over_seeds) == (-0.02, -0.07, -0.01, (-0.14, 0.1))
    assert (turned.label, turned.p_value, turned.direction) == ("F", 0.03, -1)
    assert Reading(0.7, None, None).scaled(-1, 1) == Reading(1 - 0.7)


def test_a_table_whose_numbers_are_all_missing_says_so(tmp_path):
    made = [one for one in report_cells.MadeCells("tiny").all() if one["experiment"] != "training_curves"]
    index = {
        entry["name"]: entry for entry in all_tables.write(tmp_path, [report_cells.lookup(cells=made)], [])
    }
    assert index["training"]["reason"] == "nothing was measured" and not (tmp_path / "training.md").exists()
