"""Files appear whole or not at all, and what a killed process left of one goes when it is made again."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.paths import SCRIPTS
from helpers.plain_user import plain_user

from tms.io.errors import InputError
from tms.io.whole_file import write_text, writing

WRITES = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tms.io.whole_file import writing
with writing(Path(sys.argv[2])) as unfinished:
    unfinished.write_text("half")
    print(unfinished.name, flush=True)
    sys.stdin.read()
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_fails_leaves_what_was_there(tmp_path):
    write_text(tmp_path / "a" / "x.json", "old")
    with pytest.raises(KeyError), writing(tmp_path / "a" / "x.json") as unfinished:
        unfinished.write_text("half")
        raise KeyError
    assert names(tmp_path / "a") == ["x.json"]
    assert (tmp_path / "a" / "x.json").read_text() == "old"


def test_what_a_killed_process_left_goes_but_not_what_another_one_writes(tmp_path):
    target = tmp_path / "x.json"
    command = [sys.executable, "-c", WRITES, str(SCRIPTS), str(target)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as killed, subprocess.Popen(command, **pipes) as writes:
        left, held = killed.stdout.readline().strip(), writes.stdout.readline().strip()
        killed.kill()
        killed.wait()
        assert left in names(tmp_path) and held in names(tmp_path)
        write_text(target, "mine")
        assert names(tmp_path) == sorted([held, "x.json"])
        writes.stdin.close()
        assert writes.wait() == 0
    assert names(tmp_path) == ["x.json"] and target.read_text() == "half"


def test_leftovers_of_other_files_stay(tmp_path):
    (tmp_path / ".y.json.0a1b2c3d.unfinished").touch()
    write_text(tmp_path / "x.json", "mine")
    assert names(tmp_path) == [".y.json.0a1b2c3d.unfinished", "x.json"]


def test_a_full_disk_names_the_folder(tmp_path):
    with (
        pytest.raises(InputError, match=r"results: no space left on its disk for x\.json .*; free some"),
        writing(tmp_path / "results" / "x.json"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")  # as `write` raises it, without a name
    assert names(tmp_path / "results") == []


def test_a_folder_of_another_user_is_named(tmp_path):
    (tmp_path / "results").mkdir(mode=0o555)
    with (
        plain_user(tmp_path),
        pytest.raises(InputError, match=r"^results/x\.json: Permission denied; give this user the right"),
    ):
        write_text(Path("results/x.json"), "x")
    assert names(tmp_path / "results") == []


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced = []

    def fsync(descriptor):
        synced.append((os.fstat(descriptor).st_size, (tmp_path / "x.json").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "x.json", "whole")
    assert synced == [(5, False)]
