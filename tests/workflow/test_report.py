"""A whole report at smoke size, from the experiments to the page; what an edit or another seed reruns."""

import csv
import html
import json
import xml.etree.ElementTree as ElementTree

import pytest
from helpers.printed_numbers import faults

from tms.experiments import cells

TARGET = "results/tiny/report.html"
METHODS = ["sft", "grpo", "tms", "trapo"]
pytestmark = pytest.mark.slow


def test_every_experiment_has_cells(project):
    found = {
        path.stem: cells.read([path]) for path in (project.folder / "results/tiny/cells").glob("*.parquet")
    }
    assert set(found) == {
        *("main", "windows", "checkpoints", "frontier", "mismatch", "diversity", "theorem61", "correlations"),
        "training_curves",
    }
    assert {cell["method"] for cell in found["main"]} == {"base", *METHODS}
    assert {cell["method"] for cell in found["training_curves"]} == {"grpo", "trapo"}
    assert {cell["x"] for cell in found["checkpoints"] if cell["method"] != "base"} == {5}
    steps = {(cell["checkpoint"], cell["x"]) for cell in found["mismatch"]}
    assert steps == {("0of1", 0), ("1of5", 4), ("1of1", 20)}
    for cell in found["theorem61"]:
        if cell["quantity"] == "left" and cell["method"] in ("sft", "grpo", "tms"):
            own = cells.select(
                found["theorem61"], **{k: cell[k] for k in ("method", "train_task", "prompts")}
            )
            (corollary,) = cells.select(own, quantity="corollary")
            # GRPO stays near the base, where eight samples show a change to within its interval alone.
            left = cell["ci_low"] if cell["method"] == "grpo" else cell["value"]
            assert left <= corollary["value"] or corollary["note"]


def test_cells_agree_with_the_table(project):
    with (project.folder / "results/tiny/table.csv").open(newline="") as stream:
        table = {row["row"]: row for row in csv.DictReader(stream)}
    main = cells.read([project.folder / "results/tiny/cells/main.parquet"])
    for method in ("sft", "tms"):
        for quantity in ("chain", "mini_countdown", "facts", "xfer", "forgetting"):
            (cell,) = cells.select(main, method=method, quantity=quantity, train_task="", prompts="")
            assert cell["value"] == pytest.approx(float(table[method][quantity]), abs=5e-5)


def test_tables_and_figures_are_drawn_under_the_papers_numbers(project):
    for kind, endings in (("tables", ("csv", "md")), ("figures", ("svg", "png"))):
        folder = project.folder / f"results/{kind}/tiny"
        index = json.loads((folder / "index.json").read_text())
        entries = index if isinstance(index, list) else list(index.values())
        assert any(entry["drawn"] for entry in entries)
        for entry in entries:
            if entry["drawn"]:
                assert all((folder / f"{entry['name']}.{ending}").stat().st_size for ending in endings)
            else:
                assert entry["reason"]


def test_printed_numbers_have_the_digits_of_their_intervals_and_no_column_repeats_itself(project):
    paths = sorted((project.folder / "results/tables/tiny").glob("*.md"))
    assert [fault for path in paths for fault in faults(path)] == [] and len(paths) > 10
    for path in (project.folder / "results/figures/tiny").glob("*.svg"):
        ElementTree.parse(path)


def test_every_question_has_a_verdict_and_the_page_shows_it(project):
    questions = json.loads((project.folder / "results/tiny/questions.json").read_text())
    paper = [f"RQ{number}" for number in range(1, 13)]
    assert [found["id"] for found in questions] == ["Frontier", *paper, "TrSFT"]
    page = (project.folder / TARGET).read_text()
    for found in questions:
        word = found["verdict"].removesuffix(" for this run")
        assert word in ("supported", "contradicted", "indistinguishable", "described", "not measured")
        assert word == "not measured" or found["verdict"] != word  # the smoke run has one seed
        assert found["id"] in page and found["evidence"] and found["sentence"]


def test_the_answer_is_on_the_page_and_in_the_summary(project):
    answer = json.loads((project.folder / "results/tiny/answer.json").read_text())
    assert [row["role"] for row in answer["rows"]][:3] == ["base", "sft", "tms"]
    assert {row["role"] for row in answer["rows"][3:]} <= {"other"}
    assert answer["sentence"].startswith("In this run") and answer["seeds"] == [0]
    assert all(row["numbers"][-1]["value"] is not None for row in answer["rows"])
    page = html.unescape((project.folder / TARGET).read_text())
    summary = (project.folder / "results/tiny/summary.md").read_text()
    assert answer["sentence"] in page and answer["sentence"] in summary
    chosen = json.loads((project.folder / "results/tiny/choose.json").read_text())["choices"]
    assert [one["tolerance"] for one in chosen] == [0.5, 1, 2, 5]
    for one in chosen:
        assert one["sentence"].startswith("In this run, at most") and one["sentence"] in summary
        assert one["sentence"].rpartition("; ")[2] in page


def test_sft_and_tms_alone_take_two_more_jobs(project):
    assert project.planned("results/tiny/tms/answer.json") == {"summarise": 1, "answer_pair": 1}


def test_nothing_left_to_do(project):
    assert project.planned(TARGET) == {}


@pytest.mark.parametrize("name", ["tables", "figures"])
def test_a_deleted_folder_is_drawn_again(project, name):
    folder = project.folder / "results" / name / "tiny"
    kept = folder.rename(folder.with_name("kept"))
    try:
        jobs = project.planned(f"results/{name}/tiny")
        assert jobs == {f"draw_{name}": 1}
    finally:
        kept.rename(folder)


def test_another_seed_runs_that_seed_alone(project):
    more = project.overlay("seeds.yaml", "models: {tiny: {seeds: [0, 1]}}")
    jobs = project.planned(TARGET, configs=(more,))
    # Two targets: a method that trains on references, a student, two on-policy ones; a long run of each side.
    trained = jobs["train_sft"], jobs["train_student"], jobs["train_on_policy"]
    assert trained == (2 + 1, 2 + 1, 2 * 2)
    assert not {"teacher", "filter_teacher", "pretrain", "prepare"} & set(jobs)
