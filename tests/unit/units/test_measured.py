"""The files from which tables and report are made, by Snakemake's plan."""

import re

from helpers.paths import ROOT

from tms.config.units import Unit
from tms.planned_jobs.jobs import Job
from tms.units.measured import DRAWN, behind, complete_runs, files_of, measured_files, run_of

RUN = "results/m/{}/t/seed{}"
JOBS = [
    Job("train_sft", {}, ["models/m"], [f"{RUN.format('sft', 0)}/train.cost.json"]),
    Job("generate", {}, ["models/m"], ["results/m/base/generations.parquet"]),
    Job("grade", {}, ["results/m/base/generations.parquet"], ["results/m/base/grades.parquet"]),
    Job(
        "grade",
        {},
        [f"{RUN.format('sft', 0)}/train.cost.json"],
        [f"{RUN.format('sft', 0)}/grades.parquet"],
    ),
    Job("download_punkt", {}, [], ["data/nltk/tokenizers/punkt_tab"]),
    Job(
        "aggregate",
        {},
        [
            *("results/m/base/grades.parquet", "data/t/s/contamination.json"),
            *(f"{RUN.format(method, seed)}/grades.parquet" for method in ("sft", "tms") for seed in (0, 1)),
        ],
        ["results/m/sft/table.csv"],
    ),
    Job("theorem61", {}, ["data/nltk/tokenizers/punkt_tab"], ["results/m/cells/theorem61.parquet"]),
    Job(
        "report",
        {},
        ["results/m/sft/table.csv", "docs/method.md", f"{RUN.format('tms', 1)}/generations.parquet"],
        ["results/m/report.html"],
    ),
]
SHARED = ["data/t/s/contamination.json", "results/m/base/grades.parquet"]


def test_measured_files_are_what_is_drawn_from_and_not_drawn_itself():
    runs = [f"{RUN.format(method, seed)}/grades.parquet" for method in ("sft", "tms") for seed in (0, 1)]
    assert measured_files(JOBS) == sorted([*SHARED, *runs, f"{RUN.format('tms', 1)}/generations.parquet"])


def test_the_rules_that_draw_are_those_of_the_rule_files_from_the_tables_on():
    files = ("tables", "experiments", "figures", "report")
    texts = [(ROOT / "workflow" / "rules" / f"{name}.smk").read_text() for name in files]
    named = [re.findall(r"^(?:rule|use rule \w+ as) (\w+)(?: with)?:", text, re.M) for text in texts]
    assert {name for names in named for name in names} == DRAWN


def test_a_unit_has_the_files_of_its_runs_and_those_of_no_run():
    measured = measured_files(JOBS)
    unit = Unit("u", "m", 1, ("sft", "tms"))
    assert files_of(unit, measured) == [
        *SHARED,
        f"{RUN.format('sft', 1)}/grades.parquet",
        f"{RUN.format('tms', 1)}/generations.parquet",
        f"{RUN.format('tms', 1)}/grades.parquet",
    ]
    assert run_of(f"{RUN.format('sft', 12)}/points/grades.parquet", "m") == ("sft", 12)
    assert run_of("results/other/sft/t/seed0/grades.parquet", "m") is None


def test_a_run_is_complete_where_no_file_is_missing_and_those_of_no_run_are_there():
    measured = measured_files(JOBS)
    there = set(measured) - {f"{RUN.format('tms', 1)}/generations.parquet"}
    assert complete_runs("m", measured, there) == {("sft", 0), ("sft", 1), ("tms", 0)}
    assert complete_runs("m", measured, there - {SHARED[0]}) == set()


def test_a_file_of_no_run_that_some_methods_need_alone_is_no_other_s_concern():
    measured = measured_files(JOBS)
    there, needed = set(measured) - {SHARED[0]}, {SHARED[0]: ["tms"]}
    assert complete_runs("m", measured, there, needed) == {("sft", 0), ("sft", 1)}
    assert SHARED[0] not in files_of(Unit("u", "m", 1, ("sft",)), measured, needed)
    assert SHARED[0] in files_of(Unit("u", "m", 1, ("sft", "tms")), measured, needed)


def test_the_jobs_behind_files_are_those_that_they_need():
    needed = behind(JOBS, [f"{RUN.format('sft', 0)}/grades.parquet"])
    assert [job.rule for job in needed] == ["train_sft", "grade"]
    assert needed[1].output == [f"{RUN.format('sft', 0)}/grades.parquet"]
    assert behind(JOBS, []) == []
