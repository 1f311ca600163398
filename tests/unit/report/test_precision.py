"""Words on the floor of divergences and on rounded updates."""

from helpers.report_cells import lookup

from tms.experiments.cells import cell
from tms.report.precision import floor_words, rounding_words


def measured(**values):
    cells = [
        cell("main", "tiny", quantity, value, method=method)
        for quantity, of_methods in values.items()
        for method, value in of_methods.items()
    ]
    return lookup(cells=cells)


def test_the_largest_floor_is_told():
    found = measured(
        **{"floor.kl_per_token": {"sft": 2e-7, "grpo": 4e-7}, "floor.nll_per_token": {"sft": 3e-6}}
    )
    words = floor_words(found)
    assert "4.0e-07 nats a token" in words and "3.0e-06 in NLL" in words
    assert floor_words(measured()) == ""


def test_rounded_updates_are_told_and_whole_ones_are_not():
    found = measured(
        **{
            "update.surviving": {"sft": 0.999, "grpo": 0.31},
            "update.changed": {"sft": 0.9, "grpo": 0.12},
        }
    )
    words = rounding_words(found, ["sft", "grpo", "tms"])
    assert "kept: GRPO 31 % (12 % of the weights differ from theta_0)." in words
    assert "SFT" not in words
    assert rounding_words(found, ["sft", "tms"]) == ""
