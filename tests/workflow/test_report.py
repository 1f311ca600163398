"""A whole report at smoke size, from the experiments to the page; what an edit or another seed reruns."""

import csv
import json
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

from tms.experiments import cells

TARGET = "results/tiny/report.html"
# Each experiment with as few methods as say something.
SMALL = """
models: {tiny: {experiments: [main, windows, checkpoints, frontier, mismatch, diversity]}}
experiments:
  main: [sft, self_sft, grpo, tms]
  windows: [tms_late, tms]
  checkpoints: [tms_t2, tms]
  frontier: [sft, tms, tms_late]
methods:
  sft: {training: {checkpoints: [1of5, 2of5, 3of5]}}
  tms: {training: {checkpoints: [3of5]}}
  tms_late: {training: {checkpoints: [3of5]}}
  sft_long: {training: {checkpoints: [1of5]}}
  tms_long: {training: {checkpoints: [1of5]}}
"""
pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def reported(project, new_project):
    """A copy of the finished smoke run, with the report made."""
    copy = new_project("reported")
    for name in ("models", "data", "rows", ".snakemake"):
        shutil.copytree(project.folder / name, copy.folder / name, copy_function=shutil.copy2)
    copy.overlay("small.yaml", SMALL)
    done = copy.snakemake(TARGET, "results/tiny/table.csv", configs=("small.yaml",))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return copy


def test_every_experiment_has_cells(reported):
    found = {
        path.stem: cells.read([path]) for path in (reported.folder / "results/tiny/cells").glob("*.parquet")
    }
    assert set(found) == {
        *("main", "windows", "checkpoints", "frontier", "mismatch", "diversity", "bound", "relations"),
        "training",
    }
    assert {cell["method"] for cell in found["main"]} == {"base", "sft", "self_sft", "grpo", "tms"}
    assert {cell["method"] for cell in found["training"]} == {"grpo"}
    assert {cell["x"] for cell in found["checkpoints"] if cell["method"] != "base"} == {2, 5}
    steps = {(cell["checkpoint"], cell["x"]) for cell in found["mismatch"]}
    assert steps == {("0of1", 0), ("1of5", 4), ("1of1", 20)}
    for cell in found["bound"]:
        if cell["quantity"] == "left":
            own = cells.select(found["bound"], **{k: cell[k] for k in ("method", "train_task", "prompts")})
            (corollary,) = cells.select(own, quantity="corollary")
            # GRPO stays near the base, where eight samples show a change to within its interval alone.
            left = cell["ci_low"] if cell["method"] == "grpo" else cell["value"]
            assert left <= corollary["value"] or corollary["note"]


def test_cells_agree_with_the_table(reported):
    with (reported.folder / "results/tiny/table.csv").open(newline="") as stream:
        table = {row["row"]: row for row in csv.DictReader(stream)}
    main = cells.read([reported.folder / "results/tiny/cells/main.parquet"])
    for method in ("sft", "tms"):
        for quantity in ("chain", "mini_countdown", "facts", "xfer", "forgetting"):
            (cell,) = cells.select(main, method=method, quantity=quantity, train_task="")
            assert cell["value"] == pytest.approx(float(table[method][quantity]), abs=5e-5)


def test_tables_and_figures_are_drawn_under_the_papers_numbers(reported):
    for kind, endings in (("tables", ("csv", "md")), ("figures", ("svg", "png"))):
        folder = reported.folder / f"results/{kind}/tiny"
        index = json.loads((folder / "index.json").read_text())
        entries = index if isinstance(index, list) else list(index.values())
        assert any(entry["drawn"] for entry in entries)
        for entry in entries:
            if entry["drawn"]:
                assert all((folder / f"{entry['name']}.{ending}").stat().st_size for ending in endings)
            else:
                assert entry["reason"]
    for path in (reported.folder / "results/figures/tiny").glob("*.svg"):
        ElementTree.parse(path)


def test_every_question_has_a_grade_and_the_page_shows_it(reported):
    questions = json.loads((reported.folder / "results/tiny/questions.json").read_text())
    paper = [f"RQ{number}" for number in range(1, 11)]
    assert [found["id"] for found in questions] == ["Frontier", *paper, "TrSFT"]
    page = (reported.folder / TARGET).read_text()
    for found in questions:
        assert found["grade"] in ("supported", "contradicted", "indistinguishable", "not measured")
        assert found["id"] in page and found["evidence"]


def test_nothing_left_to_do(reported):
    assert reported.planned(TARGET, configs=("small.yaml",)) == {}


@pytest.mark.parametrize("name", ["tables", "figures"])
def test_a_deleted_folder_is_drawn_again(reported, name):
    folder = reported.folder / "results" / name / "tiny"
    kept = folder.rename(folder.with_name("kept"))
    try:
        jobs = reported.planned(f"results/{name}/tiny", configs=("small.yaml",))
        assert jobs == {f"draw_{name}": 1}
    finally:
        kept.rename(folder)


def test_another_seed_runs_that_seed_alone(reported):
    more = reported.overlay("seeds.yaml", "models: {tiny: {seeds: [0, 1]}}")
    jobs = reported.planned(TARGET, configs=("small.yaml", more))
    # Two targets: SFT, three students of main, windows and checkpoints; one long run of each side.
    assert (jobs["train_sft"], jobs["train_student"], jobs["train_on_policy"]) == (2 + 1, 2 * 4 + 1, 2)
    assert not {"teacher", "filter_teacher", "pretrain", "prepare"} & set(jobs)


def test_a_diagnosis_reruns_what_it_changes_alone(reported):
    edit = reported.overlay("edit.yaml", "diagnose: {frontier: {reference: {target: 0.1, forgetting: -0.5}}}")
    jobs = reported.planned(TARGET, configs=("small.yaml", edit))
    assert set(jobs) == {"frontier", "draw_figures", "draw_tables", "questions", "report"}
