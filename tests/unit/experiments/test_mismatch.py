"""Losses and scores along long runs, on runs whose numbers are known."""

import json
from dataclasses import replace

import pytest
from helpers.simulated_grades import items
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from tms.experiments import cells
from tms.experiments.mismatch import LongRun, at_shared_points, mismatch_cells, read_points, read_trajectories
from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics.loss_drift import add_drift

POINTS = ["0of1", "1of10", "1of2", "1of1"]


def losses(values, stderr=0.0):
    """NLL a token at each point; sequences have ten tokens."""
    return {
        point: {
            "per_token": value,
            "per_token_stderr": stderr,
            "per_sequence": 10 * value,
            "per_sequence_stderr": 10 * stderr,
            "n": 50,
        }
        for point, value in zip(POINTS, values, strict=True)
    }


def grades(target, facts):
    return {
        "chain": items("chain", {f"c{place}": grade for place, grade in enumerate(target)}),
        "facts": items("facts", {f"f{place}": grade for place, grade in enumerate(facts)}),
    }


BASE = grades([1.0, 0.0, 0.0, 0.0], [1.0] * 10)


def long_run(val, end, stderr=0.0, train=(1.9, 0.9, 0.4, 0.1)):
    return LongRun(
        steps=25,
        trajectory=add_drift(losses(val, stderr)),
        train_trajectory=losses(train, stderr),
        grades={"0of1": BASE, "1of1": end},
    )


def test_methods_are_compared_at_the_points_that_all_have():
    """A harvested run saves more: its lowest loss there (0.1) is none of the other run's."""
    points = {"0of1": 1.8, "1of5": 0.5, "2of5": 0.1, "1of1": 1.0}
    measured = {point: {"per_token": loss, "per_sequence": loss} for point, loss in points.items()}
    few = {point: losses for point, losses in measured.items() if point != "2of5"}
    harvested = LongRun(25, add_drift(measured), measured, {})
    other = LongRun(25, add_drift(few), few, {})
    assert harvested.trajectory["1of1"]["drift_per_token"] == pytest.approx(0.9)
    ((found,), (alike,)) = (runs.values() for runs in at_shared_points([{0: harvested}, {0: other}]))
    assert [*found.trajectory] == [*found.train_trajectory] == [*few]
    assert found.trajectory["1of1"]["drift_per_token"] == pytest.approx(0.5)
    assert alike == other


def test_a_run_without_any_score_has_its_losses_alone():
    runs = {seed: replace(long_run([1.8, 0.5, 0.6, 1.0], {}), grades={}) for seed in (0, 1)}
    unscored = {"0of1": {}, "1of1": {}}  # generated and graded, without a grade
    for grades_at in ({}, unscored):
        runs = {seed: replace(run, grades=grades_at) for seed, run in runs.items()}
        found = mismatch_cells("m", "sft_long", "gsm8k_loss", runs, [])
        quantities = {cell["quantity"].split(".")[0] for cell in found}
        assert quantities == {"train_nll", "val_nll", "drift"}
        assert one(found, quantity="val_nll.per_token", checkpoint="1of10")["note"] == "minimum"


def one(found, **columns):
    (cell,) = cells.select(found, **columns)
    return cell


def test_losses_are_means_over_seeds_with_the_minimum_marked():
    end = grades([1.0, 1.0, 0.0, 0.0], [1.0] * 10)
    runs = {
        0: long_run([1.8, 0.5, 0.6, 1.0], end, stderr=0.01),
        1: long_run([1.8, 0.7, 0.4, 1.2], end, stderr=0.03),
    }
    found = mismatch_cells("m", "sft_long", "chain", runs, ["facts"])
    val = [one(found, quantity="val_nll.per_token", checkpoint=point) for point in POINTS]
    assert [cell["value"] for cell in val] == pytest.approx([1.8, 0.6, 0.5, 1.1])
    assert [cell["note"] for cell in val] == ["", "", "minimum", ""]
    assert [cell["x"] for cell in val] == [0, 3, 13, 25]  # round(t * 25 / T), halves up
    assert {cell["n"] for cell in val} == {50}
    # The mean of the runs' own drifts: 1.0 - 0.5 and 1.2 - 0.4.
    assert one(found, quantity="drift.per_token", checkpoint="1of1")["value"] == pytest.approx(0.65)
    assert one(found, quantity="drift.per_sequence", checkpoint="1of1")["value"] == pytest.approx(6.5)
    assert one(found, quantity="train_nll.per_token", checkpoint="1of1")["value"] == pytest.approx(0.1)
    assert one(found, quantity="val_nll.per_sequence", checkpoint="1of2")["note"] == "minimum"
    # 1.96 standard errors of 0.02, the mean of both; Student's t with one degree of freedom over seeds.
    assert val[3]["ci_high"] == pytest.approx(1.1 + 1.959964 * 0.02)
    assert val[3]["seeds_low"] == pytest.approx(1.1 - 12.7062 * 0.1, abs=1e-4)
    assert {cell["seeds"] for cell in val[1:]} == {2}
    assert val[0]["seeds"] is None and val[0]["seeds_low"] is None  # theta_0 is no run


def test_scores_stand_where_a_point_was_evaluated():
    end = grades([1.0, 1.0, 1.0, 0.0], [0.0] * 5 + [1.0] * 5)
    runs = {0: long_run([1.8, 0.5, 0.6, 1.0], end)}
    found = mismatch_cells("m", "sft_long", "chain", runs, ["facts"])
    scores = cells.select(found, quantity="chain")
    assert [(cell["checkpoint"], cell["value"], cell["n"]) for cell in scores] == [
        ("0of1", 0.25, 4),
        ("1of1", 0.75, 4),
    ]
    last = one(found, quantity="facts", checkpoint="1of1")
    assert (last["ci_low"], last["ci_high"]) == pytest.approx(proportion_confint(5, 10, method="wilson"))
    assert last["seeds_low"] is None  # one seed says nothing about others
    assert one(found, quantity="retention_mean", checkpoint="1of1")["value"] == 0.5


def test_the_mean_of_retention_is_over_benchmarks_and_its_interval_over_examples():
    both = {
        "facts": items("facts", {f"f{i}": float(i < 60) for i in range(80)}),
        "lookup": items("lookup", {"l0": 1.0, "l1": 0.0}),
    }
    run = LongRun(25, add_drift(losses([1.8, 0.5, 0.6, 1.0])), losses([1.0] * 4), {"1of1": both})
    found = one(
        mismatch_cells("m", "sft_long", "chain", {0: run}, ["facts", "lookup"]), quantity="retention_mean"
    )
    assert found["value"] == pytest.approx((0.75 + 0.5) / 2)
    # lookup's resampled mean is 0 in a quarter of the draws: 2.5 % of all are 10 % of these. Likewise above.
    low, high = (binom.ppf(share, 80, 0.75) / 80 for share in (0.1, 0.9))
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((low / 2, (high + 1) / 2))


def test_a_retention_benchmark_without_an_error_is_not_taken_as_certain():
    """Of 10 facts none is wrong, of 200 lookups some: the bootstrap alone would know the facts for sure."""
    lookup = items("lookup", {f"l{i:03}": float(i >= 20) for i in range(200)})
    end = grades([1.0] * 4, [1.0] * 10) | {"lookup": lookup}
    run = replace(long_run([1.8, 0.5, 0.6, 1.0], end), grades={"1of1": end})
    cell = one(
        mismatch_cells("m", "sft_long", "chain", {0: run}, ["facts", "lookup"]),
        quantity="retention_mean",
        checkpoint="1of1",
    )
    assert cell["value"] == pytest.approx(0.95)
    assert cell["ci_low"] < 0.95 - 0.8 * 3 / 10 / 2 and cell["ci_high"] < 0.975


def test_seeds_that_differ_are_refused():
    end = grades([1.0] * 4, [1.0] * 10)
    run = long_run([1.8, 0.5, 0.6, 1.0], end)
    shorter = LongRun(24, run.trajectory, run.train_trajectory, run.grades)
    with pytest.raises(InputError, match="sft_long/chain/seed3: other steps or checkpoints"):
        mismatch_cells("m", "sft_long", "chain", {0: run, 3: shorter}, ["facts"])
    other = long_run([1.8, 0.5, 0.6, 1.0], grades([1.0] * 3, [1.0] * 10))
    with pytest.raises(InputError, match="seed1: other examples of chain at 1of1"):
        mismatch_cells("m", "sft_long", "chain", {0: run, 1: other}, ["facts"])
    with pytest.raises(InputError, match="no grades of lookup at 0of1"):
        mismatch_cells("m", "sft_long", "chain", {0: run}, ["lookup"])


def test_grades_are_told_apart_by_checkpoint(tmp_path):
    def write(name, found):
        empty = dict.fromkeys(parquet.GRADES) | {"benchmark": "chain", "sample": 0}
        entries = [
            empty | dict(zip(["checkpoint", "example_id", "grade"], entry, strict=True)) for entry in found
        ]
        parquet.write(tmp_path / name, parquet.GRADES, entries, {})
        return tmp_path / name

    found = read_points(
        write("points", [("1of2", "a", 0.0), ("1of2", "b", None), ("7of10", "a", 1.0)]),
        write("end", [("", "a", 0.5)]),
        write("base", [("", "a", 1.0)]),
    )
    assert {
        point: {name: (own.examples, own.score) for name, own in model.items()}
        for point, model in found.items()
    } == {
        "0of1": {"chain": (("a",), 1.0)},
        "1of2": {"chain": (("a",), 0.0)},
        "7of10": {"chain": (("a",), 1.0)},
        "1of1": {"chain": (("a",), 0.5)},
    }


def test_a_drift_file_of_a_short_run_is_named(tmp_path):
    path = tmp_path / "drift.json"
    path.write_text(json.dumps({"trajectory": {}}))
    with pytest.raises(InputError, match=r"no train_trajectory; name the method in experiments\.mismatch"):
        read_trajectories(path)
    path.write_text("{")
    with pytest.raises(InputError, match="not a readable drift file"):
        read_trajectories(path)
