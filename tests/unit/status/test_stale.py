"""Outputs against what would make them today: the jobs of a dry run and the records beside their outputs."""

import os
import shlex
from pathlib import Path

import pytest

from tms.io import made_by
from tms.io.errors import InputError
from tms.planned_jobs.jobs import Job
from tms.status import stale

GRADE = "python workflow/scripts/grade.py --graders chain=chain --prompt 'a > b'"


def job(output: str, program: str = GRADE, code: str = "all:1", resources: str = "") -> Job:
    """A job of a dry run, with the shell line that the rules make."""
    start = f"HF_HUB_OFFLINE=1 python workflow/scripts/job.py --output {output} --code {code} --"
    tell = "> log.txt 2>&1 && { grep '^warning:' log.txt >&2 || true; }"
    return Job("grade", {}, [], [output, f"{output}.more"], command=f"{start} {program} {resources} {tell}")


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Call `made(output, program, code)`: an output with its record, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def make(output: str, program: str = GRADE, code: str = "all:1") -> None:
        os.close(made_by.begin(Path(output), shlex.split(program), code, 0))
        Path(output).touch()

    return make


@pytest.fixture
def planned(monkeypatch):
    """Call `planned(*jobs)`: what the dry run lists."""
    return lambda *jobs: monkeypatch.setattr(stale, "jobs_of", lambda *_, **__: list(jobs))


def test_outputs_are_compared_with_what_would_make_them(made, planned):
    made("a/same")
    made("a/flags")
    made("a/code")
    Path("a/copied").touch()
    planned(
        job("a/same", resources="--processes 8 --lost-rows warn"),
        job("a/flags", f"{GRADE} --limit 3"),
        job("a/code", code="all:2"),
        job("a/copied"),
        job("a/missing"),
        Job("all", {}, ["a/same"], []),
    )
    found = stale.compared(["a/same"], [])
    assert found.outputs == 4
    assert found.stale == {
        "a/flags": ["--limit not given, now 3"],
        "a/code": ["other code"],
        "a/copied": ["no record of what made it"],
    }


def test_a_line_stands_above_a_table_whose_outputs_do_not_match(made, planned):
    made("table.csv")
    planned(job("table.csv"))
    assert stale.headline(["table.csv"], []) == []
    planned(job("table.csv", f"{GRADE} --limit 3"))
    assert stale.headline(["table.csv"], [Path("my own.yaml")]) == [
        "stale: 1 of the 1 outputs behind it do not match today's settings and code; "
        "`make check-stale TARGET=table.csv CONFIG='my own.yaml'` lists them"
    ]
    (line,) = stale.headline(["table.csv"], [Path("a.yaml"), Path("my own.yaml")])  # `make` takes one alone
    words = ".venv/bin/python workflow/scripts/check_stale.py table.csv --configfile a.yaml 'my own.yaml'"
    assert line.endswith(f"; `{words}` lists them")


def test_a_configuration_that_is_refused_is_told_above_a_table(monkeypatch):
    def refuse(*_, **__):
        raise InputError("config: a\nconfig: b")

    monkeypatch.setattr(stale, "jobs_of", refuse)
    assert stale.headline(["table.csv"], []) == [
        "not compared with today's settings: config: a",
        "not compared with today's settings: config: b",
    ]
