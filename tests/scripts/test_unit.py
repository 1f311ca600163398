"""The units of a study: which are collected, which comes next, and which count for another."""

import json
import runpy
import shutil

import pytest
from helpers.paths import CONFIG, SCRIPTS

from tms.config.units import Unit
from tms.planned_jobs.jobs import Job
from tms.units.record import SHOWN

STUDY = """
units:
  first: {model: tiny, seed: 0, methods: [tms]}
  second: {model: tiny, seed: 0, methods: [self_sft]}
"""
FILE = "results/tiny/base/grades.parquet"


@pytest.fixture
def study(tmp_path):
    """A folder with a study of two units, the first of which is collected."""
    (tmp_path / "config").mkdir()
    shutil.copy(CONFIG / "config.yaml", tmp_path / "config")
    (tmp_path / "mine.yaml").write_text(STUDY)
    folder = tmp_path / "docs" / "results" / "mine" / "units" / "first"
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).touch()
    settings = {FILE: {"program": ["grade.py"], "--alpha": ["0.25"]}}
    record = dict.fromkeys(SHOWN) | {"files": [FILE], "settings": settings}
    (folder / "unit.json").write_text(json.dumps(record))
    return tmp_path


def test_units_are_listed_with_their_state_and_the_next(study, program):
    done = program("unit", "--study", "mine.yaml")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1:] == [
        ["first", "tiny", "0", "collected", "sft", "tms"],
        ["second", "tiny", "0", "to", "do", "sft", "self_sft"],
        ["next:", "make", "real-unit", "STUDY=mine.yaml", "UNIT=second"],
    ]


def test_a_name_that_is_none_and_a_study_without_units_are_one_line(study, program):
    done = program("unit", "--study", "mine.yaml", "--unit", "secnd")
    assert done.returncode == 2
    assert done.stderr == "error: config: UNIT: unknown name 'secnd'; did you mean second?\n"
    (study / "mine.yaml").write_text("engine: transformers\n")
    done = program("unit", "--study", "mine.yaml")
    assert done.returncode == 2 and done.stderr.startswith("error: config: units is missing")


def test_faults_of_a_study_are_told_before_its_units_are_listed(study, program):
    (study / "mine.yaml").write_text("units: {first: {model: tiny, methods: [tmss], seed: 7}}\n")
    done = program("unit", "--study", "mine.yaml")
    assert done.returncode == 2 and not done.stdout
    assert "units.first.methods: unknown name 'tmss'" in done.stderr
    assert "units.first.seed: 7 is none of models.tiny.seeds" in done.stderr
    (study / "mine.yaml").write_text("units: {first: {model: tiny, methods: [tms]}}\n")
    done = program("unit", "--study", "mine.yaml")
    assert done.returncode == 2 and "seed" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(("alpha", "counts"), [("0.25", True), ("0.5", False)])
def test_files_of_a_unit_of_other_settings_do_not_count(study, capsys, alpha, counts):
    unit = runpy.run_path(str(SCRIPTS / "unit.py"))
    shell = f"python workflow/scripts/job.py --output {FILE} -- python grade.py --alpha {alpha} > log 2>&1"
    folder = study / "docs" / "results" / "mine" / "units"
    entries = [Unit(name, "tiny", 0, ("sft",)) for name in ("first", "second")]
    files = unit["collected_files"](entries, folder, [Job("grade", {}, [], [FILE], command=shell)])
    said = f"first: made with other settings, not counted ({FILE}: --alpha 0.25, now 0.5)\n"
    assert (files, capsys.readouterr().err) == (({FILE}, "") if counts else (set(), said))


def test_the_time_of_a_command_that_is_killed_counts(study, monkeypatch):
    """It is written while Snakemake runs, and the next command adds to it."""
    ran = runpy.run_path(str(SCRIPTS / "unit.py"))
    main, parser, clock = ran["main"], ran["parser"], study / "logs" / "units" / "second.json"
    times = iter([0.0, 90.0, 200.0, 230.0])

    def killed(files, configfiles, cores, each_minute):
        each_minute()
        raise SystemExit(-9)

    monkeypatch.chdir(study)
    monkeypatch.setattr(ran["time"], "monotonic", lambda: next(times))
    for name, given in (("run_snakemake", killed), ("collected_files", lambda *_: set())):
        monkeypatch.setitem(main.__globals__, name, given)
    monkeypatch.setattr(ran["measured"], "planned_jobs", lambda *_: [])
    for seconds in (90.0, 120.0):
        with pytest.raises(SystemExit):
            main(parser().parse_args(["--study", "mine.yaml", "--unit", "second"]))
        assert json.loads(clock.read_text())["seconds"] == seconds
