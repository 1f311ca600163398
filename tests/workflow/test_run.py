"""What a finished smoke run left, and what real reruns do."""

import csv
import json
import os
import shutil

import pyarrow.parquet as pq
import pytest

from tms.io import parquet

pytestmark = pytest.mark.slow
TABLE = "results/tiny/tms/table.csv"
TARGETS = ["mini_countdown", "chain"]
RETENTION = ["facts", "lookup", "refusal"]


def read_csv(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def stored_rows(project):
    return sum(pq.read_metadata(path).num_rows for path in (project.folder / "rows").rglob("*.parquet"))


def test_the_table_has_the_papers_shape(project):
    table = read_csv(project.folder / TABLE)
    # Trained for a few steps on a few rows, the models give cause for warnings.
    assert list(table[0]) == ["row", *TARGETS, "xfer", *RETENTION, "forgetting", "warnings"]
    assert table[0]["warnings"] == table[2]["warnings"] == "" != table[1]["warnings"]
    assert [row["row"] for row in table] == ["base", "tms", "delta"]
    assert table[0]["xfer"] == ""
    assert float(table[0]["forgetting"]) == 0


def test_scores_are_tidy(project):
    scores = read_csv(project.folder / "results/tiny/tms/scores.csv")
    names = "model method train_task seed benchmark group metric score n ci_low ci_high base_score delta"
    assert list(scores[0]) == [*names.split(), "contamination"]
    assert len(scores) == len(TARGETS) * len(TARGETS + RETENTION)
    for row in scores:
        assert 0 <= float(row["ci_low"]) <= float(row["score"]) <= float(row["ci_high"]) <= 1


def test_the_models_table_and_costs_hold_every_method(project):
    methods = "sft grpo tms trapo".split()
    table = read_csv(project.folder / "results/tiny/table.csv")
    assert [row["row"] for row in table] == ["base", *methods]
    cost = read_csv(project.folder / "results/tiny/cost.csv")
    assert {row["method"] for row in cost} == set(methods)
    stages = {(row["method"], row["stage"]) for row in cost}
    assert {
        ("tms", "teacher"),
        ("tms", "sft"),
        ("tms", "harvest"),
        ("tms", "student"),
        ("tms", "total"),
    } <= stages
    assert {stage for method, stage in stages if method == "trapo"} == {"teacher", "on_policy", "total"}
    spent = {
        row["method"]: row for row in cost if row["stage"] in ("sft", "on_policy") and row["seed"] == "0"
    }
    assert {name: int(spent[name]["rollouts"]) > 0 for name in ("sft", "grpo", "trapo")} == {
        "sft": False,
        "grpo": True,
        "trapo": True,
    }


def test_on_policy_runs_take_sfts_steps_and_leave_a_curve(project):
    for task in TARGETS:
        runs = {
            name: project.folder / f"results/tiny/{name}/{task}/seed0" for name in ("sft", "grpo", "trapo")
        }
        costs = {name: json.loads((run / "train.cost.json").read_text()) for name, run in runs.items()}
        steps = costs["sft"]["optimizer_steps"]
        for name, samples in (("grpo", 4), ("trapo", 8)):
            curve = parquet.read(runs[name] / "curve.parquet", parquet.CURVE)
            assert [row["step"] for row in curve] == list(range(1, steps + 1))
            assert [row["rollouts"] for row in curve] == [4 * samples] * steps
            assert costs[name]["optimizer_steps"] == steps
            assert costs[name]["rollouts"] == 4 * samples * steps


def test_an_on_policy_method_has_no_supervision_of_its_own(project):
    """Its divergence is measured to the references, as every method's."""
    for method, own in (("tms", True), ("sft", False), ("grpo", False), ("trapo", False)):
        found = read_csv(project.folder / f"results/tiny/{method}/drift.csv")
        measured = {row["quantity"].partition(".")[0] for row in found}
        assert {"kl", "pld_ref"} <= measured and ("pld_own" in measured) == own


def test_a_student_takes_as_many_steps_as_sft(project):
    run = "results/tiny/{}/chain/seed0/train.cost.json"
    steps = {
        method: json.loads((project.folder / run.format(method)).read_text())["optimizer_steps"]
        for method in ("sft", "tms")
    }
    assert len(set(steps.values())) == 1


def test_a_cell_can_be_walked_back_to_its_checkpoint(project):
    generations = project.folder / "results/tiny/tms/chain/seed0/generations.parquet"
    provenance = json.loads(pq.read_schema(generations).metadata[b"tms"])
    weights = json.loads((generations.parent / "checkpoint-1of1/weights.json").read_text())
    assert weights["sha256"] in json.dumps(provenance)


def test_another_alpha_generates_only_the_missing_pairs(project):
    """Raising alpha names no new pair, so its harvest generates nothing; the old result comes back too."""
    target = "results/tiny/tms/chain/seed0/harvest/part-1of1.parquet"
    before, kept = stored_rows(project), (project.folder / target).read_bytes()
    overlay = project.overlay("o.yaml", "tms: {alpha: 0.6}")
    done = project.snakemake(target, configs=(overlay,))
    assert done.returncode == 0, done.stderr[-3000:]
    assert stored_rows(project) == before
    assert (project.folder / target).read_bytes() != kept
    done = project.snakemake(target)
    assert done.returncode == 0, done.stderr[-3000:]
    assert stored_rows(project) == before


def test_an_average_of_a_finished_run_trains_nothing(project):
    import torch
    from safetensors.torch import load_file

    averages = "models: {tiny: {experiments: [main, averages]}}\nexperiments: {averages: [average_50]}\n"
    overlay = project.overlay("o.yaml", averages)
    run = project.folder / "results/tiny/average_50/chain/seed0"
    target = str((run / "checkpoint-1of1").relative_to(project.folder))
    touched = "--rerun-triggers=mtime"  # another experiment makes other runs save other points
    assert project.planned(target, touched, configs=(overlay,)) == {"average": 1}
    done = project.snakemake(touched, target, configs=(overlay,))
    assert done.returncode == 0, done.stderr[-3000:]
    start, end, found = (
        load_file(folder / "model.safetensors")
        for folder in (
            project.folder / "models/tiny/base",
            project.folder / "results/tiny/sft/chain/seed0/checkpoint-1of1",
            run / "checkpoint-1of1",
        )
    )
    assert all(torch.equal(found[name], (start[name] + end[name]) / 2) for name in found)
    assert json.loads((run / "train.cost.json").read_text())["optimizer_steps"] == 0
    assert project.planned("results/tiny/average_50/table.csv", touched, configs=(overlay,)) == {
        **{"generate": 2, "grade": 2, "drift": 2, "average": 1, "aggregate": 1}
    }


def test_a_truncated_file_is_named_and_nothing_else_is_lost(project):
    # A harvest that was made again may hold the seconds of equal rows of another method: its mixture is new.
    done = project.snakemake("results/tiny/tms/chain/seed0/checkpoint-1of1")
    assert done.returncode == 0, done.stderr[-3000:]
    mixture = project.folder / "results/tiny/tms/chain/seed0/mixture.parquet"
    whole, stat = mixture.read_bytes(), mixture.stat()
    table = (project.folder / TABLE).read_bytes()
    try:
        mixture.write_bytes(whole[: len(whole) // 2])
        done = project.snakemake("--forcerun=train_student", "results/tiny/tms/chain/seed0/checkpoint-1of1")
        assert done.returncode != 0
        assert "mixture.parquet: not a readable Parquet file" in done.stdout + done.stderr
        assert (project.folder / TABLE).read_bytes() == table
    finally:
        mixture.write_bytes(whole)
        os.utime(mixture, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        # Snakemake deletes what a failed job was to make, so name it: the table alone would not need it.
        done = project.snakemake("results/tiny/tms/chain/seed0/checkpoint-1of1", "results/tiny/table.csv")
        assert done.returncode == 0, done.stderr[-3000:]


def test_a_config_error_is_one_line_and_stops_before_any_work(project):
    done = project.snakemake(TABLE, configs=(project.overlay("o.yaml", "tms: {alhpa: 0.3}"),))
    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if "error" in line.lower()] == [
        "error: config: unknown key tms.alhpa; did you mean alpha?"
    ]
    assert "Traceback" not in done.stderr


def test_two_runs_from_nothing_agree_whatever_the_cores(project, another):
    """A student and all that it is made of after pretraining, one job at a time, give the same bytes."""
    shutil.copytree(project.folder / "models", another.folder / "models")
    run = "results/tiny/tms/chain/seed0"
    files = [f"{run}/scores.json", f"{run}/drift.json"]
    done = another.snakemake("--cores=1", *files)
    assert done.returncode == 0, done.stderr[-3000:]
    for file in [*files, f"{run}/checkpoint-1of1/weights.json"]:
        assert (another.folder / file).read_bytes() == (project.folder / file).read_bytes()
