"""`kill -9` of Snakemake, and what says that outputs do not match, in a folder with a name to be quoted."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from helpers.misbehaving_grader import wait_for_end, wait_until
from helpers.paths import SCRIPTS

from tms.io import made_by
from tms.io.interrupts import ENDING, STOPPED

pytestmark = pytest.mark.slow
ROWS = "data/drawn/test.parquet"
# A job that takes some seconds.
TASK = "tasks: {drawn: {kind: countdown, grader: countdown, test: %d, limit: 1, max_new_tokens: 8, seed: %d}}"


@pytest.fixture
def quoted(new_project):
    """A copy of the project whose path a shell would cut, and more."""
    return new_project('it\'s a $HOME folder, "~" & (more)')


def program(project, name: str, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), *words]
    return subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)


def test_a_job_that_a_killed_snakemake_left_is_named_by_the_next_one(quoted):
    """The job is stopped when it has begun, so it is there for as long as the test needs it."""
    config = quoted.overlay("own.yaml", TASK % (1500, 0))
    words = ["--cores=1", "--nocolor", "--configfile", config, "--", ROWS]
    command = [sys.executable, "-m", "snakemake", *words]
    killed = subprocess.Popen(command, cwd=quoted.folder, stderr=subprocess.DEVNULL)
    wait_until(lambda: made_by.read(quoted.folder / ROWS) or killed.poll() is not None)
    orphan = made_by.read(quoted.folder / ROWS)["pid"]
    os.kill(orphan, signal.SIGSTOP)
    try:
        killed.kill()
        killed.wait()
        unlocked = subprocess.run(
            [*command[:3], "--unlock", *words], cwd=quoted.folder, capture_output=True, check=False
        )
        assert unlocked.returncode == 0
        again = subprocess.run(command, cwd=quoted.folder, capture_output=True, text=True, check=False)
        assert again.returncode != 0
        assert f"error: {ROWS}: process {orphan} on " in again.stdout + again.stderr
        assert f"`kill {orphan}`" in again.stdout + again.stderr
    finally:
        os.kill(orphan, signal.SIGKILL)
    wait_for_end([orphan])
    done = subprocess.run(command, cwd=quoted.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (quoted.folder / ROWS).exists()


def test_ctrl_c_ends_with_one_line_that_says_how_to_go_on(new_project):
    """A terminal sends it to Snakemake and to its jobs alike, here twice."""
    project = new_project("interrupted")
    config = project.overlay("own.yaml", TASK % (1500, 0))
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores=1",
        "--nocolor",
        "--configfile",
        config,
        "--",
        ROWS,
    ]
    settings = {"cwd": project.folder, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **settings, start_new_session=True) as stopped:
        wait_until(lambda: made_by.read(project.folder / ROWS) or stopped.poll() is not None)
        job = made_by.read(project.folder / ROWS)["pid"]
        os.killpg(stopped.pid, signal.SIGINT)
        told = []
        while ENDING not in told:
            told += [stopped.stderr.readline().rstrip("\n")]
        os.killpg(stopped.pid, signal.SIGINT)
        told += stopped.communicate()[1].splitlines()
    assert stopped.returncode != 0
    assert told[-2:] == [ENDING, STOPPED]
    assert not [line for line in told if "Traceback" in line or "Error" in line]
    wait_for_end([job])
    assert not (project.folder / ROWS).exists()
    [log] = project.folder.glob(".snakemake/log/*.log")
    assert "Error in rule prepare" in log.read_text()
    done = subprocess.run(command, **settings, check=False)
    assert (done.returncode, (project.folder / ROWS).exists()) == (0, True), done.stderr


def test_results_without_snakemake_s_records_say_that_they_do_not_match(quoted):
    """Neither a copy without `.snakemake` nor `--rerun-triggers mtime` notices an edit; the records do."""
    first, then = (quoted.overlay(f"{seed}.yaml", TASK % (20, seed)) for seed in (0, 1))
    done = quoted.snakemake(ROWS, configs=(first,), smoke=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert program(quoted, "check_stale", ROWS, "--configfile", first).stdout == (
        "1 of 1 outputs match today's settings and code\n"
    )
    shutil.rmtree(quoted.folder / ".snakemake")
    told = program(quoted, "check_stale", ROWS, "--configfile", then)
    assert told.returncode == 1
    assert told.stdout == (f"{ROWS}: --seed 0, now 1\n0 of 1 outputs match today's settings and code\n"), (
        told.stderr
    )
    done = quoted.snakemake("--rerun-triggers=mtime", ROWS, configs=(then,), smoke=False)
    assert "Nothing to be done" in done.stdout + done.stderr
    table = quoted.folder / "results" / "table.csv"
    table.parent.mkdir()
    table.write_text("row,a\nx,1\n")
    shown = program(quoted, "show", "results/table.csv")
    assert shown.stdout.startswith(
        "stale: 1 of the 1 outputs behind it do not match today's settings and code; "
    )
    code = quoted.folder / "workflow/scripts/tms/tasks/countdown.py"
    code.write_text(code.read_text() + "EDITED = 1\n")
    told = program(quoted, "check_stale", ROWS, "--configfile", first)
    assert told.stdout.startswith(f"{ROWS}: other code\n")
    made_by.record_path(quoted.folder / ROWS).unlink()
    told = program(quoted, "check_stale", ROWS, "--configfile", first)
    assert told.stdout.startswith(f"{ROWS}: no record of what made it\n")
