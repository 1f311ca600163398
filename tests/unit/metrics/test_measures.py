"""Measures beside the scores: which texts and runs each comes from, and their means over runs."""

import pytest

from tms.config.suite import Suite
from tms.metrics.measures import columns, measures, unknown
from tms.metrics.statistics import normal_interval, seed_interval, wilson


def drift(at_end: float, kl: float | None = 0.5) -> dict:
    """Drift of a run whose loss goes from 2.0 to a value on held-out references and on general text."""
    found = {}
    for quantity, texts in (("trajectory", ""), ("loss", "general")):
        found[f"{quantity}.change_per_token", texts, "1of1"] = (at_end - 2.0, 0.125)
        for point, value in (("0of1", 2.0), ("1of1", at_end)):
            found[f"{quantity}.per_token", texts, point] = (value, 0.25)
            found[f"{quantity}.bits_per_byte", texts, point] = (value / 2, 0.25)
    if kl is not None:
        found |= {("kl.policy_base.per_token", name, ""): (kl, 0.25) for name in ("heldout", "general")}
    return found


def lengths(tokens: float, truncated: int = 0) -> dict:
    return {"rows": 4, "truncated": truncated, "length": tokens, "length_stderr": 1.0}


def test_a_joint_targets_loss_is_of_its_references_and_each_task_has_its_lengths():
    suite = Suite(["faq+tools", "chain"], unscored=["faq", "tools"])
    scores = {(target, 0): {"faq": lengths(30), "tools": lengths(9, 1)} for target in suite.targets}
    scores["chain", 0]["faq"] = lengths(99)  # a run on another target
    base = {"faq": lengths(20), "tools": lengths(7, 3)}
    found = measures(suite, base, scores, {("faq+tools", 0): drift(1.0), ("chain", 0): drift(9.0)})
    assert {name: value.value for name, value in found["method"].items()} == {
        **{"faq+tools_loss": 1.0, "faq+tools_bits_per_byte": 0.5, "faq+tools_kl": 0.5},
        **{"faq_length": 30, "faq_truncated": 0.0, "tools_length": 9, "tools_truncated": 0.25},
    }
    assert found["delta"]["tools_truncated"].value == -0.5
    assert found["method"]["tools_truncated"].interval == pytest.approx(wilson(1, 4))
    assert found["method"]["faq_truncated"].interval[1] > 0.4  # none of four is not none of all
    assert [*found["method"]] == [name for name in columns(suite) if name in found["method"]]


def test_means_over_targets_then_seeds_with_both_intervals():
    suite = Suite(["a", "b"], ["r"], general=True)
    drifts = {("a", 0): drift(1.0), ("b", 0): drift(2.0), ("a", 1): drift(3.0), ("b", 1): drift(4.0)}
    found = measures(suite, {}, {}, drifts)
    assert [*found["method"]] == ["general_loss", "general_bits_per_byte", "general_kl"]
    loss = found["method"]["general_loss"]
    assert loss.value == 2.5
    assert loss.interval == pytest.approx(normal_interval(2.5, 0.25))
    assert loss.seeds_interval == seed_interval([1.5, 3.5])
    assert found["method"]["general_kl"].interval[0] == pytest.approx(0.5 - 1.96 * 0.25, abs=1e-3)
    assert [*found["base"]] == [*found["delta"]] == ["general_loss", "general_bits_per_byte"]
    change = found["delta"]["general_loss"]
    assert (change.value, change.interval) == (0.5, pytest.approx(normal_interval(0.5, 0.125)))
    assert change.seeds_interval == seed_interval([-0.5, 1.5])
    below = measures(suite, {}, {}, {("a", 0): drift(1.0), ("b", 0): drift(1.0)})["delta"]["general_loss"]
    assert below.interval == pytest.approx(normal_interval(-1.0, 0.125))


def test_what_a_run_lacks_has_no_column_and_no_bound_is_below_0():
    suite = Suite(["a"], general=True)
    found = measures(suite, {}, {}, {("a", 0): drift(1.0, kl=None), ("a", 1): drift(1.0)})
    assert "general_kl" not in found["method"]
    found = measures(suite, {}, {}, {("a", 0): drift(1.0, kl=0.01)})
    assert found["method"]["general_kl"].interval[0] == 0.0


def test_a_suite_with_scores_has_no_measures_and_says_nothing():
    suite = Suite(["chain"], ["facts"])
    assert columns(suite) == {} and unknown(suite) == ""
    assert measures(suite, {}, {}, {("chain", 0): drift(1.0)}) == {"base": {}, "method": {}, "delta": {}}
