"""Two units of a study, each made from nothing in a clone of its own, and the report of both in a third.

It is compared with that of one folder in which all is made: the second unit's, to which the first's is added.
"""

import csv
import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from helpers import forked_snakemake
from helpers.paths import SCRIPTS

from tms.units import record, snakemake_run

pytestmark = pytest.mark.slow
# The smoke run's sizes on the shipped miniature; TMS harvests SFT's checkpoints, the average takes its end.
STUDY = """
models:
  small:
    base: models/tiny/base
    teacher: small
    suite: small
    seeds: [0]
    experiments: [main, averages]
    training: {learning_rate: 2.0e-3, effective_batch: 4, device_batch: 4}
teachers: {small: {model: models/tiny/teacher, tries: 1, temperature: 0.7, top_p: 0.95, seed: 0}}
suites: {small: {targets: [small_chain], retention: [small_facts]}}
tasks:
  small_chain: {kind: chain, grader: chain, train: 48, heldout: 8, test: 24, max_new_tokens: 96}
  small_facts: {kind: facts, grader: facts, test: 24, max_new_tokens: 16}
experiments: {main: [sft, tms], averages: [sft, average_50, tms]}
tms: {num_checkpoints: 2}
drift: {prompts: 4, samples: 1}
units:
  averaged: {model: small, seed: 0, methods: [average_50]}
  mixed: {model: small, seed: 0, methods: [tms]}
"""


@pytest.fixture
def program(monkeypatch):
    """Call `program(folder, name, *words)`: run a program there, with jobs that are forked; exit status."""
    monkeypatch.setattr(snakemake_run, "COMMAND", forked_snakemake.command())

    def run(folder: Path, name: str, *words: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setattr(sys, "argv", [name, "--study", "study.yaml", "--cores", "2", *words])
            try:
                runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
            except SystemExit as stopped:
                return stopped.code or 0
        return 0

    return run


def test_the_report_of_two_units_is_that_of_one_run(new_project, program, capfd):
    clones = [new_project(name) for name in ("averaged", "mixed", "report")]
    for clone in clones:
        clone.overlay("study.yaml", STUDY)
    first, second, third = (clone.folder for clone in clones)
    units = Path("docs", "results", "study", "units")
    assert program(third, "study_report") == 2
    assert "no unit is collected" in capfd.readouterr().err
    for folder, name in ((first, "averaged"), (second, "mixed")):
        assert program(folder, "unit", "--unit", name) == 0
        shutil.copytree(folder / units / name, third / units / name)
    assert program(third, "unit") == 0
    assert capfd.readouterr().out.endswith("all are collected\n")
    # Both have trained SFT from nothing, and measured the base.
    scores = "results/small/sft/small_chain/seed0/grades.parquet"
    assert (third / units / "averaged" / scores).read_bytes() == (
        third / units / "mixed" / scores
    ).read_bytes()

    records = {name: record.read(third / units / name) for name in ("averaged", "mixed")}
    assert len(records["averaged"]["training"].keys() & records["mixed"]["training"].keys()) == 2
    assert not record.trained_otherwise(records)

    assert program(third, "study_report") == 0
    assert not (third / "models").exists() and not (third / "results").exists()
    targets = ["results/small/report.html", "results/small/table.csv"]
    done = clones[1].snakemake(*targets, configs=("study.yaml",), smoke=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    drawn = third / "docs" / "results" / "study"
    assert (drawn / "table.csv").read_bytes() == (second / "results/small/table.csv").read_bytes()
    tables = {path.name: path for path in (second / "results/tables/small").glob("*.md")}
    assert len(tables) > 5
    for name, path in tables.items():
        ours, theirs = ((folder / name).read_text() for folder in (drawn, path.parent))
        if name == "compute.md":  # its last column is seconds
            ours, theirs = (re.sub(r"\| [^|]*\|$", "", text, flags=re.M) for text in (ours, theirs))
        assert ours == theirs, name
    with (drawn / "table.csv").open(newline="") as stream:
        assert [line["row"] for line in csv.DictReader(stream)] == ["base", "sft", "tms"]
    examples = (drawn / "examples_small_facts.md").read_text()
    assert examples.splitlines()[2] == "| Prompt | Base | SFT | TMS |"
    contents = (drawn / "contents.md").read_text()
    assert "Not in these tables" not in contents and "In no table" not in contents
