"""A full disk and a read-only one: each writer names the folder and the remedy, and leaves nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.paths import SCRIPTS
from helpers.plain_user import plain_user
from helpers.small_disk import fill, forbid, small_disk

from tms.generation.cache import CompletionCache, Row
from tms.io import cost, csv_file, json_file, made_by, parquet, whole_file, work_folder
from tms.io.errors import InputError

NAMES = ["epoch", "completion"]
ROWS = [{"epoch": number, "completion": os.urandom(500).hex()} for number in range(200)]  # 200 kB


def store(folder: Path) -> None:
    with CompletionCache(folder, "0" * 64) as rows:
        rows.add([Row(row["completion"], [row["epoch"]], "stop", 0.0) for row in ROWS])


WRITERS = {
    "Parquet": lambda folder: parquet.write(folder / "x.parquet", NAMES, ROWS, {}),
    "JSON": lambda folder: json_file.write(folder / "x.json", ROWS),
    "CSV": lambda folder: csv_file.write_csv(folder / "x.csv", NAMES, ROWS),
    "text": lambda folder: whole_file.write_text(folder / "x.md", ROWS[0]["completion"] * 200),
    "rows": store,
    "work folder": lambda folder: work_folder.open_work_folder(folder, "train_sft", {"rows": ROWS}),
    "record": lambda folder: made_by.begin(folder / "x", [row["completion"] for row in ROWS], "0", 0.0),
}
REFUSED = {
    fill: r"^{disk}.*(no space left|No space left on device).*; free some space there and run again$",
    forbid: r"^{disk}.*Read-only file system.*; mount its file system writable, or put the folder elsewhere",
}


@pytest.mark.parametrize("refuse", REFUSED)
@pytest.mark.parametrize("writer", WRITERS)
def test_each_writer_says_a_line(tmp_path, writer, refuse):
    with small_disk(tmp_path / "disk") as disk:
        refuse(disk)
        before = {path.name for path in disk.rglob("*")}
        with pytest.raises(InputError, match=REFUSED[refuse].format(disk=disk)) as error:
            WRITERS[writer](disk)
        assert "\n" not in str(error.value) and "unfinished" not in str(error.value)
        left = {path for path in disk.rglob("*") if path.name not in before and path.is_file()}
        assert all(path.name == ".x.made.json" for path in left)  # the lock's


def test_what_was_there_stays(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        cost.write(disk / "cost.json", cost.Cost(rollouts=3))
        fill(disk)
        with pytest.raises(InputError, match="no space left"):
            json_file.write(disk / "cost.json", ROWS)
        assert cost.read(disk / "cost.json") == cost.Cost(rollouts=3)


@pytest.mark.parametrize("refuse", REFUSED)
def test_a_program_ends_with_the_line(tmp_path, refuse):
    report = tmp_path / "overlap.json"
    json_file.write(report, {"task": "chain", "benchmarks": {}})
    with small_disk(tmp_path / "disk") as disk:
        refuse(disk)
        command = [sys.executable, str(SCRIPTS / "contamination_gate.py"), "--report", str(report)]
        command += ["--max-share", "0.1", "--table", str(disk / "x.csv"), "--output", str(disk / "x.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"error: {disk}") and line.partition("; ")[2]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_folder_of_another_user(tmp_path, writer):
    (tmp_path / "results").mkdir(mode=0o555)
    line = r"^results.*Permission denied.*; give this user the right to it, and run again"
    with plain_user(tmp_path), pytest.raises(InputError, match=line):
        WRITERS[writer](Path("results"))
    assert list((tmp_path / "results").iterdir()) == []
