"""From grades, drifts and costs of a small experiment to its cells, checked by hand."""

import json

import pytest
from helpers.small_experiment import ITEMS, RETENTION, RIGHT, SECOND, TARGETS, write_grades, write_tables
from scipy.stats import binomtest, t
from statsmodels.stats.proportion import proportion_confint

from tms.experiments import cells
from tms.io import parquet
from tms.metrics.statistics import percentiles, resampled_means


def flags(runs, methods=("sft", "tms"), baselines=("sft", "tms")):
    words = ["--experiment", "main", "--model", "m", "--targets", *TARGETS, "--retention", *RETENTION]
    words += ["--methods", *methods, "--baselines", *baselines, "--settings", "tms=0.25"]
    words += ["--base-grades", "base/grades.parquet"]
    words += ["--grades", *(f"{run}={run}/grades.parquet" for run in runs if run != "base")]
    words += ["--drifts", "sft=sft/drift.csv", "tms=tms/drift.csv"]
    return [*words, "--costs", "sft=sft/cost.csv", "tms=tms/cost.csv", "--output", "cells/main.parquet"]


@pytest.fixture(scope="module", params=[1, 2], ids=["one seed", "two seeds"])
def measured(request, run_program, tmp_path_factory):
    """Number of seeds, and the cells."""
    folder = tmp_path_factory.mktemp("measure")
    right = RIGHT if request.param == 1 else RIGHT | SECOND
    write_grades(folder, right)
    write_tables(folder, right)
    updates = {"1of2": {"changed": 0.1, "surviving": 0.2}, "1of1": {"changed": 0.3, "surviving": 0.4}}
    (folder / "tms/chain/seed0/updates.json").write_text(json.dumps(updates))
    given = ["--updates", "tms/chain/seed0=tms/chain/seed0/updates.json"]
    done = run_program(folder, "summarise", *flags(right), *given)
    assert done.returncode == 0, done.stderr
    return request.param, cells.read([folder / "cells" / "main.parquet"])


def one(found, quantity, method="tms", train_task="", prompts=""):
    (cell,) = cells.select(
        found, quantity=quantity, method=method, train_task=train_task, prompts=prompts, checkpoint=""
    )
    return cell


def test_what_rounding_kept_of_the_end(measured):
    _, found = measured
    assert (one(found, "update.changed")["value"], one(found, "update.surviving")["value"]) == (0.3, 0.4)
    assert one(found, "floor.kl_per_token")["value"] == 5e-7
    assert not cells.select(found, quantity="update.changed", method="sft")


def test_values_by_hand(measured):
    seeds, found = measured
    expected = {
        1: {
            "countdown": 24 / 40,
            "chain": 35 / 40,
            "facts": (18 + 20) / 40,
            "refusal": (16 + 12) / 40,
            "target_mean": (24 + 35) / 80,
            "retention_mean": (18 + 20 + 16 + 12) / 80,
            "retention_delta": (-2 + 0 + 0 - 4) / 80,
            "xfer": ((10 - 12) + (14 - 16)) / 80,
            "forgetting": ((-2 + 0) / 40 + (0 - 4) / 40) / 2,
            "delta.countdown": 8 / 40,
            "delta.target_mean": (8 + 23) / 80,
            "delta.xfer": -4 / 80,
            "versus_sft.countdown": -6 / 40,
            "versus_sft.facts": (38 - 24) / 40,
            # sft: (-10 + 0)/40 of the run on countdown (its gain in refusal cancels nothing), (-6 - 8)/40
            "versus_sft.forgetting": -(2 + 4) / 80 + (10 + 14) / 80,
        },
        2: {
            "countdown": (24 + 28) / 80,
            "chain": (35 + 33) / 80,
            "refusal": (16 + 12 + 18 + 14) / 80,
            "xfer": ((10 - 12) + (12 - 12) + 2 * (14 - 16)) / 160,
            "forgetting": -((2 + 0) + (2 + 0) + 4 + 2) / 160,
            "retention_delta": (-2 * 2 + 2 - 4 - 2) / 160,
            "versus_sft.countdown": (24 + 28 - 30 - 34) / 80,
        },
    }[seeds]
    for quantity, value in expected.items():
        assert one(found, quantity)["value"] == pytest.approx(value), quantity
    versus = {
        1: {"countdown": 6 / 40, "facts": -14 / 40, "forgetting": -18 / 80},
        2: {"countdown": 12 / 80, "facts": -14 / 40},
    }[seeds]
    for quantity, value in versus.items():
        cell = one(found, f"versus_tms.{quantity}", "sft")
        assert cell["value"] == pytest.approx(value), quantity
        assert not cells.select(found, quantity=f"versus_tms.{quantity}", method="tms")
    base = {
        name: one(found, name, "base")["value"] for name in ("facts", "target_mean", "forgetting", "xfer")
    }
    assert base == {"facts": 1.0, "target_mean": pytest.approx(28 / 80), "forgetting": 0.0, "xfer": None}


def test_the_runs_on_one_task_by_hand(measured):
    _, found = measured
    sft = {"method": "sft", "train_task": "chain"}  # both seeds of SFT on chain answer alike
    for quantity, value in {
        "target": 36 / 40,
        "delta.target": 24 / 40,
        "chain": 36 / 40,
        "countdown": 12 / 40,
        "xfer": -4 / 40,
        "retention_mean": 22 / 40,
        "retention_delta": (-6 - 8) / 40,
        "forgetting": (-6 - 8) / 40,
    }.items():
        assert one(found, quantity, **sft)["value"] == pytest.approx(value), quantity
    assert one(found, "target", "base", "chain")["value"] == pytest.approx(12 / 40)
    assert not cells.select(found, train_task="chain", quantity="target_mean")


def test_intervals_over_examples(measured):
    _, found = measured
    # SFT's runs on chain agree, so a second seed adds nothing to the knowledge about them.
    cell = one(found, "chain", "sft", "chain")
    assert (cell["ci_low"], cell["ci_high"]) == pytest.approx(proportion_confint(36, 40, method="wilson"))
    cell = one(found, "refusal", "base")
    assert (cell["ci_low"], cell["ci_high"]) == pytest.approx(proportion_confint(16, 20, method="wilson"))
    assert cell["n"] == 20
    # No example differs between SFT's and the base's transfer in another way than being lost.
    cell = one(found, "delta.countdown", "sft", "chain")
    assert cell["ci_low"] < -4 / 40 < cell["ci_high"] <= 0


def test_items_of_another_metric_keep_to_their_rows(measured):
    _, found = measured
    cell = one(found, "refusal.instructions")
    assert (cell["value"], cell["n"]) == (pytest.approx(sum(map(sum, ITEMS)) / 60), 60)
    low, high = percentiles(resampled_means([[sum(items) / 3 for items in ITEMS]], "refusal")[0])
    assert (cell["ci_low"], cell["ci_high"]) == pytest.approx((low, high))
    assert cell["mark"] == "" and cell["p_value"] is None


def test_intervals_over_seeds(measured):
    seeds, found = measured
    cell, difference = one(found, "countdown"), one(found, "versus_sft.countdown")
    assert cell["seeds"] == seeds
    if seeds == 1:
        assert cell["seeds_low"] is cell["seeds_high"] is difference["seeds_low"] is None
        return
    # 0.6 and 0.7: deviation 0.1 / sqrt(2), so an error of 0.05.
    half = t.ppf(0.975, 1) * 0.05
    assert (cell["seeds_low"], cell["seeds_high"]) == pytest.approx((0.65 - half, 0.65 + half))
    # Seed by seed the difference is the same: 24 - 30 and 28 - 34 of 40.
    assert (difference["seeds_low"], difference["seeds_high"]) == pytest.approx((-6 / 40, -6 / 40))


def test_mcnemar_with_one_run_a_side_and_holms_correction(measured):
    seeds, found = measured
    if seeds != 1:
        pytest.skip("several runs a side are compared by the bootstrap")
    # On the runs on countdown, SFT alone is right on 6 of countdown, TMS alone on 8 facts, on 2 of chain.
    raw = {name: binomtest(0, lost).pvalue for name, lost in {"countdown": 6, "facts": 8, "chain": 2}.items()}
    adjusted = {name: one(found, f"versus_sft.{name}", train_task="countdown")["p_value"] for name in raw}
    # Seven tests: four benchmarks, retention, transfer, forgetting. The last may be clearer than the facts.
    assert any(adjusted["facts"] == pytest.approx(raw["facts"] * factor) for factor in (5, 6, 7))
    assert adjusted["facts"] < adjusted["countdown"] < adjusted["chain"] <= 1
    target = one(found, "versus_sft.target", train_task="countdown")
    assert target["p_value"] == adjusted["countdown"]
    # The other way round the same tests make the same family.
    for name, p_value in adjusted.items():
        assert one(found, f"versus_tms.{name}", "sft", train_task="countdown")["p_value"] == p_value


def test_marks_of_a_column(measured):
    _, found = measured
    marks = {name: (one(found, name, "sft")["mark"], one(found, name)["mark"]) for name in ("facts", "chain")}
    assert marks == {"facts": ("", "best"), "chain": ("best", "tied")}
    assert one(found, "facts")["p_value"] is None
    assert one(found, "facts", "sft")["p_value"] < 0.05 <= one(found, "chain")["p_value"]
    assert one(found, "facts", "base")["mark"] == ""


def test_divergences(measured):
    seeds, found = measured
    cell = one(found, "kl.policy_base.per_sequence", prompts="heldout")
    assert cell["value"] == pytest.approx(1.0 if seeds == 1 else 1.5)
    assert cell["ci_high"] - cell["value"] == pytest.approx(1.959964 * 0.1, rel=1e-5)
    assert cell["n"] == 16  # 8 of either task
    assert one(found, "kl.policy_base.per_sequence", train_task="chain", prompts="heldout")["n"] == 8
    kept = one(found, "kl.policy_base.per_sequence", prompts="retention")
    assert (kept["value"], kept["n"]) == (pytest.approx(0.3 if seeds == 1 else 0.8), 32)
    assert one(found, "pld_ref.per_token")["value"] == pytest.approx(0.5 if seeds == 1 else 1.0)
    assert one(found, "pld_ref.per_token", "base")["value"] == pytest.approx(0.9)


def test_costs(measured):
    seeds, found = measured
    # Both tasks with one seed: two times teacher and training; the second seed takes 4 s more in each.
    assert one(found, "cost.seconds")["value"] == (60 if seeds == 1 else 64)
    assert one(found, "cost.optimizer_steps")["value"] == 256
    assert one(found, "cost.rollouts")["value"] == 128


def test_a_sweeps_setting_is_in_each_of_its_rows(measured):
    _, found = measured
    assert {cell["x"] for cell in cells.select(found, method="tms")} == {0.25}
    assert {cell["x"] for cell in cells.select(found, method="sft")} == {None}
    assert {cell["experiment"] for cell in found} == {"main"}


def test_references_that_are_no_rows(measured, program, tmp_path):
    """An experiment without SFT, say: its methods are compared with it, and it has no row."""
    seeds, both = measured
    right = RIGHT if seeds == 1 else RIGHT | SECOND
    write_grades(tmp_path, right)
    write_tables(tmp_path, right)
    output = tmp_path / "cells" / "main.parquet"
    for rest in (["sft"], ["sft", "tms"]):
        done = program("summarise", *flags(right, ["tms"], rest))
        assert done.returncode == 0, done.stderr
        found = cells.read([output])
        assert {cell["method"] for cell in found} == {"base", "tms"}
        assert {cell["quantity"].partition(".")[0] for cell in found if "versus" in cell["quantity"]} == {
            "versus_sft"
        }
    # The difference and its tests are those of the table that has both.
    for quantity in ("countdown", "forgetting"):
        assert one(found, f"versus_sft.{quantity}") == one(both, f"versus_sft.{quantity}")
    done = program("summarise", *flags(right, ["sft"], ["sft", "tms"]))
    found = cells.read([output])
    assert one(found, "versus_tms.facts", "sft")["value"] == pytest.approx(-14 / 40)
    assert {cell["method"] for cell in found} == {"base", "sft"}


def test_a_missing_run_and_other_examples_are_one_line(program, tmp_path):
    write_grades(tmp_path, RIGHT)
    write_tables(tmp_path, RIGHT)
    done = program("summarise", *flags([run for run in RIGHT if run != "tms/chain/seed0"]))
    assert (done.returncode, done.stderr) == (
        2,
        "error: --grades: no run tms/chain/seed0; name one a task and seed\n",
    )
    path = tmp_path / "base" / "grades.parquet"
    parquet.write(path, parquet.GRADES, parquet.read(path, parquet.GRADES)[1:], {})
    done = program("summarise", *flags(RIGHT))
    assert done.returncode == 2
    assert done.stderr.startswith("error: grades of sft/countdown/seed0: other examples of countdown than")
