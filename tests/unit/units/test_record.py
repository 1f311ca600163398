"""A collected unit: what is copied and recorded, and whether it fits the settings of today."""

import errno
import json
import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from tms.config.units import Unit
from tms.io import json_file, made_by
from tms.io.errors import InputError
from tms.planned_jobs.jobs import Job
from tms.units import record

UNIT = Unit("low", "m", 0, ("sft",))
GRADE = "python workflow/scripts/lease.py -- python workflow/scripts/grade.py --alpha 0.25 --processes 2"
BENCHMARK = "s\th:m:s\tmax_rss\tcpu_time\n12.54\t0:00:12\t1\t20.5\n"


def job(output: str, program: str = GRADE) -> Job:
    start = f"python workflow/scripts/job.py --output {output} --code all:1 --"
    return Job(
        "grade", {}, [], [output], command=f"{start} {program} > l 2>&1", benchmark=f"logs/{output}.tsv"
    )


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A finished job with its output, record and time, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    output = "results/m/sft/t/seed0/grades.parquet"
    os.close(made_by.begin(Path(output), shlex.split(GRADE), "all:1", 0))
    Path(output).write_text("grades")
    times = Path(f"logs/{output}.tsv")
    times.parent.mkdir(parents=True)
    times.write_text(BENCHMARK)
    return job(output)


def test_a_collected_unit_is_read_back_with_its_files(made):
    folder = record.units_folder(Path("config/mine.yaml")) / "low"
    assert folder == Path("docs/results/mine/units/low")
    assert record.read(folder) is None
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "old").write_text("of an earlier collection")
    record.collect(UNIT, made.output, [made], 61.26, folder)
    assert not (folder / "results" / "old").exists()
    assert [place.name for place in folder.parent.iterdir()] == ["low"]
    assert (folder / made.output[0]).read_text() == "grades"
    found = record.read(folder)
    assert found["files"] == made.output and found["elapsed_seconds"] == 61.3
    assert found["stages"] == {"grade": {"jobs": 1, "seconds": 12.5, "cpu_seconds": 20.5}}
    assert found["settings"][made.output[0]]["--alpha"] == ["0.25"]
    assert "--processes" not in found["settings"][made.output[0]]
    assert os.uname().nodename not in (folder / "unit.json").read_text()
    (folder / made.output[0]).unlink()
    with pytest.raises(InputError, match=r"grades.parquet: no such file; .*unit.json names it"):
        record.read(folder)


def test_a_record_that_cannot_be_read_and_files_that_are_large_are_one_line(made, monkeypatch, capsys):
    folder = Path("units/low")
    folder.mkdir(parents=True)
    (folder / "unit.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match=r"^units/low/unit.json: not a readable record of a unit"):
        record.read(folder)
    monkeypatch.setattr(record, "LARGEST", 5)
    record.collect(UNIT, made.output, [made], 1.0, folder)
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        line.startswith("warning: units.low: its files have 0.00 MB")
        and "grades.parquet is the largest" in line
    )
    assert record.read(folder)["files"] == made.output


def test_a_record_without_its_times_or_with_files_of_elsewhere_is_refused(made):
    folder = Path("units/low")
    record.collect(UNIT, made.output, [made], 1.0, folder)
    whole = json.loads((folder / "unit.json").read_text())
    faults = {name: {"files": [name]} for name in ("data/../../../escape", "/etc/passwd", "Snakefile")}
    for told, changed in (faults | {"no machine": {"machine": None}}).items():
        changed = {key: value for key, value in (whole | changed).items() if value is not None}
        (folder / "unit.json").write_text(json.dumps(changed))
        with pytest.raises(InputError, match=rf"^units/low/unit.json: .* \({told}"):
            record.read(folder)


def test_other_settings_are_told_with_their_file(made):
    folder = Path("units/low")
    record.collect(UNIT, made.output, [made], 1.0, folder)
    found, output = record.read(folder), made.output[0]
    same = [
        GRADE,
        GRADE.replace("--processes 2", "--processes 8"),  # changes no grade
        GRADE.replace("--alpha", "--data-root /elsewhere --alpha"),  # as where the files lie
    ]
    for program in same:
        assert record.other_settings(found, record.planned_with([job(output, program)])) == ""
    other = record.planned_with([job(output, GRADE.replace("0.25", "0.5"))])
    assert record.other_settings(found, other) == f"{output}: --alpha 0.25, now 0.5"
    assert record.other_settings(found, {}) == ""  # a run that the study does not ask for any more


def test_other_code_is_told_by_program(made):
    folder = Path("units/low")
    record.collect(UNIT, made.output, [made], 1.0, folder)
    found, output = record.read(folder), made.output[0]
    assert record.other_code(found, record.planned_code([made])) == []
    later = replace(made, command=made.command.replace("all:1", "all:2"))
    assert record.other_code(found, record.planned_code([later])) == ["grade"]
    assert record.other_settings(found, record.planned_with([later])) == ""
    del found["code"]
    assert record.other_code(found, {output: "all:2"}) == []


def test_runs_that_two_units_trained_to_other_weights_are_named(made):
    run = "results/m/sft/t/seed0"
    for name in ("updates.json", "health.json", "train.cost.json"):
        Path(run, name).write_text("{}\n")
    trained = replace(
        made, output=[f"{run}/{name}" for name in ("train.cost.json", "updates.json", "health.json")]
    )
    record.collect(UNIT, made.output, [trained, made], 1.0, Path("units/low"))
    low = record.read(Path("units/low"))
    assert sorted(low["training"]) == [f"{run}/health.json", f"{run}/updates.json"]  # the other holds seconds
    Path(run, "health.json").write_text('{"losses": [1.0]}')
    record.collect(UNIT, made.output, [trained, made], 1.0, Path("units/high"))
    high = record.read(Path("units/high"))
    json_file.write(Path(run, "health.json"), {})
    record.collect(UNIT, made.output, [trained, made], 1.0, Path("units/sealed"))
    sealed = record.read(Path("units/sealed"))
    assert record.trained_otherwise({"low": low, "sealed": sealed}) == []
    assert record.trained_otherwise({"low": low, "high": high, "without": {}}) == [
        f"{run} is not the same run in low and high."
    ]


def test_what_cannot_be_collected_leaves_what_was(made, monkeypatch):
    folder = Path("units/low")
    record.collect(UNIT, made.output, [made], 1.0, folder)
    Path(made.benchmark).write_text("")
    with pytest.raises(InputError, match="not a benchmark file of Snakemake"):
        record.collect(UNIT, made.output, [made], 2.0, folder)
    Path(made.benchmark).write_text(BENCHMARK)

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(record.shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        record.collect(UNIT, made.output, [made], 3.0, folder)
    assert record.read(folder)["elapsed_seconds"] == 1.0
    assert (folder / made.output[0]).read_text() == "grades"
    assert [path.name for path in folder.parent.iterdir()] == ["low"]
