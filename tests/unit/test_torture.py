"""The parts of `make torture` that need no run: damages, checks, remedies, draws, the page."""

import json
import os
import random
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.paths import ROOT
from torture import again, checks, damage, page, trial, undisturbed
from torture.kinds import KINDS
from torture.undisturbed import Job

JOBS = [
    Job("prepare", "data/chain/train.parquet", 100, 1.0),
    Job("teacher", "data/chain/t/samples.parquet", 200, 4.0),
    Job("grade", "results/tiny/base/grades.parquet", 300, 1.0),
    Job("grade", "results/tiny/tms/grades.parquet", 400, 1.0),
]


def rows(path: Path, keys: list[str], seconds: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"key": keys, "seconds": [seconds] * len(keys)}), path)


@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_bit_leaves_size_and_time(tmp_path, seed):
    file = tmp_path / "a.json"
    before = bytes(range(256))
    file.write_bytes(before)
    os.utime(file, ns=(5, 10**18))
    damage.flip_bit(file, random.Random(seed))
    changed = [(old ^ new) for old, new in zip(before, file.read_bytes(), strict=True) if old != new]
    assert [value.bit_count() for value in changed] == [1]
    assert file.stat().st_mtime_ns == 10**18


def test_a_cut_file_is_shorter_and_as_old(tmp_path):
    for seed in range(20):
        file = tmp_path / f"{seed}.json"
        file.write_bytes(b"x" * 50)
        os.utime(file, ns=(5, 10**18))
        damage.cut(file, random.Random(seed))
        assert file.stat().st_size < 50 and file.stat().st_mtime_ns == 10**18


def test_files_of_each_kind_are_damaged_and_records_of_jobs_are_not(tmp_path):
    for name in ("a.parquet", "b.json", "c.safetensors", ".d.made.json", "e.csv", ".e.csv.crc", "f.md"):
        (tmp_path / "results").mkdir(exist_ok=True)
        (tmp_path / "results" / name).write_bytes(b"x")
    files = damage.files_of([tmp_path / "results", tmp_path / "results" / "b.json"])
    assert [file.name for file in files] == ["a.parquet", "b.json", "c.safetensors", "e.csv"]
    drawn = {damage.draw_file(files, random.Random(seed)).name for seed in range(40)}
    assert drawn == {"a.parquet", "b.json", "c.safetensors", "e.csv"}
    assert damage.draw_file([], random.Random(0)) is None


def test_contents_differ_by_values_and_not_by_times(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, seconds in ((one, 1.0), (two, 2.0)):
        rows(folder / "results" / "short.parquet", ["a"], seconds)
        cost = {"tokens": 3, "parts": [{"seconds": seconds}]}
        (folder / "results" / "cost.json").write_text(json.dumps(cost))
        (folder / "results" / "cost.csv").write_text(f"method,seconds\nsft,{seconds}\n")
        (folder / "results" / ".cost.json.made.json").write_text(str(seconds))
    assert checks.contents(one) == checks.contents(two)
    assert checks.differences(checks.contents(two), checks.contents(one), ["results"]) == []
    (two / "results" / "cost.json").write_text(json.dumps({"tokens": 4, "parts": [{"seconds": 2.0}]}))
    (two / "results" / "cost.csv").unlink()
    assert checks.differences(checks.contents(two), checks.contents(one), ["results"]) == [
        "results/cost.csv: missing",
        "results/cost.json: other content",
    ]
    (two / "results" / "short.parquet").write_bytes(b"PAR1")
    assert "results/short.parquet: other content" in checks.differences(
        checks.contents(two), checks.contents(one), []
    )


def test_rows_that_were_generated_twice_are_counted_and_merged_ones_are_not(tmp_path):
    rows(tmp_path / "m1" / "a.parquet", ["x", "y"])
    rows(tmp_path / "m1" / "b.parquet", ["y", "z"], seconds=2.0)
    rows(tmp_path / "m1" / "merged.parquet", ["x", "y"])  # of a, which is still there
    rows(tmp_path / "m2" / "c.parquet", ["x"])
    (tmp_path / "m2" / "d.parquet").write_bytes(b"cut")
    assert checks.twice(checks.stored(tmp_path)) == 1


def test_what_lies_about(tmp_path):
    names = [
        "results/a.csv",
        "results/.b.parquet.123",
        "rows/m/c.unfinished",
        "results/run/unfinished/sft-0/x",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert checks.left_behind(tmp_path) == [
        "results/.b.parquet.123",
        "results/run/unfinished/sft-0",
        "rows/m/c.unfinished",
    ]


def test_a_message_is_followed_to_the_letter(tmp_path):
    printed = tmp_path / "printed"
    folder = tmp_path / "run"
    for name in ("data/a.parquet", "results/m/weights.json", "results/m/model.safetensors", "data/b.parquet"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    said = "x\n  error: data/a.parquet: not a readable Parquet file (cut); delete it and run again\n"
    assert again.follow(folder, [], said, printed) == "delete"
    assert not (folder / "data/a.parquet").exists() and (folder / "data/b.parquet").exists()
    said = "error: results/m/weights.json: not a readable record; delete the folder and run the stage again\n"
    assert again.follow(folder, [], said, printed) == "delete"
    assert not (folder / "results/m").exists()
    assert again.follow(folder, [], said, printed) is None
    assert again.follow(folder, [], "error: data/b.parquet: no space left; free some\n", printed) is None
    outside = tmp_path / "precious"
    outside.touch()
    assert again.follow(folder, [], f"error: {outside}: bad; delete it and run again\n", printed) is None
    assert outside.exists()


def test_a_fault_is_known_by_its_seed_and_number():
    kinds = list(KINDS)
    first = [trial.draw(7, number, JOBS, kinds) for number in range(60)]
    again_drawn = [trial.draw(7, number, JOBS, kinds) for number in range(60)]
    assert [(kind, job, rng.random()) for kind, job, rng in first] == [
        (kind, job, rng.random()) for kind, job, rng in again_drawn
    ]
    assert {kind for kind, *_ in first} == set(kinds)
    for kind, job, _ in first:
        assert job.stage in (KINDS[kind].stages or {job.stage})


def test_a_copy_holds_what_was_there_when_the_job_began(tmp_path):
    source = tmp_path / "source"
    began = time.time_ns() - 10**9
    for name, time_ns in (
        ("data/a.parquet", began - 1),
        ("data/b.parquet", began),
        ("workflow/__pycache__/x.pyc", began + 5),
        ("jobs.json", began - 1),
    ):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
        os.utime(source / name, ns=(time_ns, time_ns))
    undisturbed.copy_before(source, Job("x", "data/b.parquet", began, 1.0), tmp_path / "copy")
    copied = sorted(
        str(f.relative_to(tmp_path / "copy")) for f in (tmp_path / "copy").rglob("*") if f.is_file()
    )
    assert copied == ["data/a.parquet", "workflow/__pycache__/x.pyc"]
    assert (tmp_path / "copy/data/a.parquet").stat().st_mtime_ns == began - 1
    assert (tmp_path / "copy/data/a.parquet").stat().st_ino != (source / "data/a.parquet").stat().st_ino


def test_the_edits_of_the_copy_fit_todays_sources():
    for file, (old, _) in undisturbed.EDITS.items():
        assert (ROOT / file).read_text().count(old) == 1, file


def test_the_page_counts_what_missed_apart():
    base = {"seed": 0, "output": "o", "of": 2.0, "at": 1.0, "to_the_table": False, "seconds": 3600.0}
    base |= {"notes": [], "told": [], "twice": 0, "stage": "grade", "kind": "flip_bit"}
    results = [
        base | {"number": 0, "outcome": "passed", "failures": [], "told": ["delete"]},
        base | {"number": 1, "outcome": "missed", "failures": []},
        base | {"number": 2, "outcome": "failed", "failures": ["a | b"], "twice": 3, "to_the_table": True},
    ]
    text = page.text(results, JOBS)
    assert "| a flipped bit | 3 | 1 | 1 | 1 | delete 1 | 3 |" in text
    assert "| a full disk | 0 | 0 | 0 | 0 |  |  |" in text
    assert "- 2, flip_bit, grade (`o`) at 1.0 of 2.0 s: a / b" in text
    assert "3 faults on a run of 4 jobs, up to `results/tiny/tms/grades.parquet`" in text
    assert "stages: prepare, teacher, grade." in text and "Seed 0; the faults took 3.0 hours" in text
