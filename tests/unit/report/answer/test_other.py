"""The best other entry is chosen on validation and measured on test; costs are beside SFT's."""

import pytest
from helpers.made_answer import COSTS, cost_lines, lookup, pair, scores

from tms.report.answer import costs
from tms.report.answer.answer import answer
from tms.report.answer.numbers import Entry
from tms.report.answer.other import best_other, entry_label

INFO = {"kinds": {"sft_lr10": "sft", "average_50": "average"}, "scales": {"sft_lr10": 0.1}}


def halves(method: str, validation: tuple, test: tuple, experiment: str = "main", **where) -> list[dict]:
    """A method's cells on both halves, each (target, forgetting)."""
    found = []
    for half, (target, lost) in (("validation", validation), ("test", test)):
        found += scores(method, target, lost, prompts=half, experiment=experiment, **where)
    return found


def test_the_choice_looks_at_validation_alone_and_the_numbers_are_of_test():
    cells = (
        pair(0.0, 0.0) + halves("grpo", (0.7, -0.02), (0.5, -0.2)) + halves("trapo", (0.7, -0.1), (0.9, 0.0))
    )
    found = answer(lookup(cells), "main", [0, 1], {})
    row = found["rows"][-1]
    assert (row["method"], row["label"], row["role"]) == ("grpo", "GRPO", "other")
    assert [number["value"] for number in row["numbers"][:3]] == pytest.approx([50, 70, -20])
    assert "the best of 2 others" in row["note"] and row["note"] in found["notes"]


def test_points_of_the_frontier_and_methods_of_main_compete():
    cells = pair(0.0, 0.0) + halves("grpo", (0.7, -0.02), (0.7, -0.02))
    where = {"experiment": "frontier", "group": "sft"}
    cells += halves("sft_lr10", (0.6, 0.0), (0.6, 0.0), **where)
    cells += halves("sft_lr10", (0.75, 0.0), (0.75, 0.0), checkpoint="2of5", **where)
    # SFT's and TMS's own ends have rows already, and theta_0 is the base.
    cells += halves("sft", (0.9, 0.0), (0.9, 0.0), **where) + halves("tms", (0.9, 0.0), (0.9, 0.0), **where)
    cells += halves("base", (0.95, 0.0), (0.95, 0.0), experiment="frontier", group="base")
    found = best_other(lookup(cells, **INFO))
    assert (found.experiment, found.method, found.checkpoint) == ("frontier", "sft_lr10", "2of5")
    assert found.label == "SFT at 10 % of its rate, stopped at 2/5 of its run"


def test_without_halves_there_is_no_other():
    assert best_other(lookup(pair(0.0, 0.0))) is None
    assert best_other(lookup(pair(0.0, 0.0) + scores("grpo", 0.9, 0.0))) is None


def test_without_forgetting_the_target_alone_decides():
    cells = halves("grpo", (0.7, -0.02), (0.5, -0.2)) + halves("trapo", (0.75, -0.1), (0.9, 0.0))
    assert best_other(lookup(cells)).method == "grpo"
    cells = [cell for cell in cells if cell["quantity"] != "forgetting"]
    assert best_other(lookup(cells)).method == "trapo"


def test_labels_say_what_an_entry_is():
    info = lookup([], **INFO).info
    assert entry_label(info, "average_50") == "an average of base and trained weights (average_50)"
    assert entry_label(info, "reinforce") == "REINFORCE"
    assert entry_label(info, "tms", "3of10") == "TMS, stopped at 3/10 of its run"


def test_a_cost_is_the_mean_of_each_seeds_ratio_without_the_teacher():
    entry = {name: Entry(name, name, name, "main") for name in ("base", "sft", "tms", "grpo")}
    found = costs.reading(entry["tms"], COSTS)
    assert (found.value, found.over_seeds, found.seeds) == (2.5, (2.5, 2.5), 2)
    uneven = COSTS | {"tms": cost_lines({"student": [20.0, 80.0]})}  # 2 and 4 times
    found = costs.reading(entry["tms"], uneven)
    assert found.value == 3.0 and found.over_seeds[1] - 3.0 == pytest.approx(12.7062, abs=1e-3)
    assert costs.reading(entry["base"], COSTS).value == 0 and costs.reading(entry["grpo"], COSTS) is None
    assert costs.reading(entry["sft"], COSTS).over_seeds is None


def test_without_sft_a_cost_is_in_seconds():
    only = {"tms": COSTS["tms"]}
    assert costs.quantity(only).unit == "s"
    assert costs.reading(Entry("tms", "TMS", "tms", "main"), only).value == 37.5
