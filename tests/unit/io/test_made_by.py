"""The record beside an output: its lock, with real processes, and how it differs from today's command."""

import errno
import fcntl
import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.misbehaving_grader import lives, wait_for_end, wait_until
from helpers.paths import SCRIPTS

from tms.io import made_by
from tms.io.errors import InputError

WAITS = "import time; print('ready', flush=True); time.sleep(600)"
FORKS = """
import os, time
if os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(600)
"""


def job(output, program: str, *words: str) -> list[str]:
    """The words of a job whose program is some Python."""
    start = [sys.executable, str(SCRIPTS / "job.py"), "--output", str(output), "--patience", "0"]
    return [*start, "--code", "all:1", "--", sys.executable, "-c", program, *words]


@pytest.fixture
def begun():
    """Call `begun(words)`: starts a job and waits for its first line."""
    processes = []

    def start(words: list[str]) -> tuple[subprocess.Popen, str]:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_second_job_for_an_output_is_told_who_makes_it_until_that_one_is_killed(begun, tmp_path):
    output = tmp_path / "folder of a run" / "plan.parquet"
    first, _ = begun(job(output, WAITS))
    second = subprocess.run(job(output, "print(1)"), capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"error: {output}: process {first.pid} on {platform.node()} still makes it (its Snakemake may "
        f"have been killed); end it with `kill {first.pid}`, which keeps what it has done, then run the same "
        f"command\n"
    )
    other = subprocess.run(job(tmp_path / "other", "print(1)"), capture_output=True, text=True, check=False)
    assert other.stdout == "1\n"
    first.send_signal(signal.SIGKILL)
    first.wait()
    again = subprocess.run(job(output, "print(2)"), capture_output=True, text=True, check=False)
    assert again.stdout == "2\n", again.stderr


def test_the_lock_is_held_while_a_process_that_the_program_forked_lives(begun, tmp_path):
    first, child = begun(job(tmp_path / "x", FORKS))
    first.kill()
    first.wait()
    try:
        assert lives(int(child))
        words = job(tmp_path / "x", "print(1)")
        assert subprocess.run(words, capture_output=True, check=False).returncode == 2
    finally:
        os.kill(int(child), signal.SIGKILL)
    wait_for_end([int(child)])
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_job_waits_a_little_for_one_that_is_ending(tmp_path):
    held = made_by.begin(tmp_path / "x", ["a"], "1", 0)
    words = job(tmp_path / "x", "print(1)")
    words[words.index("--patience") + 1] = "60"
    second = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: "job.py" in Path(f"/proc/{second.pid}/cmdline").read_text())
    assert second.poll() is None
    os.close(held)
    assert second.communicate()[0] == "1\n"


def test_a_job_of_a_cluster_is_ended_there(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    held = made_by.begin(tmp_path / "x", ["a"], "1", 0)
    monkeypatch.setenv("SLURM_JOB_ID", "78")
    with pytest.raises(InputError, match="end it with `scancel 77`"):
        made_by.begin(tmp_path / "x", ["a"], "1", 0)
    monkeypatch.setenv(
        "SLURM_JOB_ID", "77"
    )  # an allocation in which the user works: `scancel` would end that
    with pytest.raises(InputError, match=f"end it with `kill {os.getpid()}`"):
        made_by.begin(tmp_path / "x", ["a"], "1", 0)
    os.close(held)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_a_record_is_written_all_the_same(tmp_path, monkeypatch, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert made_by.begin(tmp_path / "x", ["python", "a.py"], "1", 0) is None
    assert made_by.read(tmp_path / "x")["command"] == ["python", "a.py"]


OPTIONS = ["rw,vers=3,nolock,local_lock=all", "rw,local_lock=flock", "rw,localflock", "rw,nobrl"]


@pytest.mark.parametrize("options", [*OPTIONS, "rw,vers=4.2,local_lock=none", "rw,local_lock=posix", None])
@pytest.mark.parametrize("host", ["another-node", platform.node()])
def test_where_locks_hold_on_one_node_the_other_one_s_process_is_named(
    tmp_path, monkeypatch, capsys, options, host
):
    """No lock stops this job, and that one may run still, or have ended long ago."""
    device = tmp_path.stat().st_dev
    of_it = (
        f"30 20 {os.major(device)}:{os.minor(device)} / /work rw,relatime shared:1 - nfs server:/a {options}"
    )
    mounts = ["29 20 0:1 / /proc rw - proc proc rw,nolock", *([of_it] if options else [])]
    monkeypatch.setattr(made_by, "MOUNTS", tmp_path / "mountinfo")
    made_by.MOUNTS.write_text("\n".join(mounts) + "\n")
    with monkeypatch.context() as there:
        there.setattr(platform, "node", lambda: host)
        os.close(made_by.begin(tmp_path / "x", ["a"], "1", 0))
    began = json.loads(made_by.record_path(tmp_path / "x").read_text())["began"]
    assert capsys.readouterr().err == ""
    os.close(made_by.begin(tmp_path / "x", ["a"], "1", 0))
    told = capsys.readouterr().err
    if options not in OPTIONS or host == platform.node():
        assert told == ""
        return
    (line,) = told.splitlines()
    assert line.startswith(
        f"warning: {tmp_path / 'x'}: nobody can tell here whether process {os.getpid()} on"
    )
    assert f"another-node, begun at {began}, still makes it" in line and f"`kill {os.getpid()}`" in line
    assert any(f"(mount option {option})" in line for option in made_by.ONE_NODE & {*options.split(",")})


def test_without_any_lock_the_other_node_s_process_is_named_too(tmp_path, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(platform, "node", lambda: "another-node")
    made_by.begin(tmp_path / "x", ["a"], "1", 0)
    monkeypatch.undo()
    monkeypatch.setattr(fcntl, "flock", refuse)
    made_by.begin(tmp_path / "x", ["a"], "1", 0)
    assert "on another-node" in (told := capsys.readouterr().err) and "has no locks between nodes; if" in told


def test_the_end_of_a_parent_is_a_signal(tmp_path):
    child = (
        "import os, signal, sys, time; sys.path.insert(0, sys.argv[1]); from tms.io import parent; "
        "signal.signal(signal.SIGTERM, lambda *_: os._exit(0)); parent.signal_at_its_end(signal.SIGTERM); "
        "print(os.getpid(), flush=True); time.sleep(600)"
    )
    starter = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}, sys.argv[1]])"
    words = [sys.executable, "-c", starter, str(SCRIPTS)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    process.kill()
    wait_for_end([pid])
    process.wait()


PROGRAM = "workflow/scripts/plan_mixture.py"


def command(*words: str) -> list[str]:
    return ["python", PROGRAM, *words]


def test_a_record_names_the_flags_that_differ():
    made = {"command": command("--alpha", "0.25", "--points", "1of2", "1of1", "--gone", "1"), "code": "all:1"}
    now = command("--alpha", "0.4", "--points", "1of2", "1of1", "--new", "3")
    assert made_by.differences(made, now, "all:2") == [
        "--alpha 0.25, now 0.4",
        "--new not given, now 3",
        "--gone 1, now not given",
    ]
    assert made_by.differences(made, made["command"], "all:1") == []
    assert made_by.differences(made, made["command"], "all:2") == ["other code"]


def test_cards_processes_and_launchers_make_nothing_stale():
    lease = [
        "python",
        "workflow/scripts/lease.py",
        "--gpus",
        "8",
        "--",
        "accelerate",
        "launch",
        "--num_processes",
        "8",
    ]
    launched = [*lease, PROGRAM, "--alpha", "1", "--device-batch", "4", "--processes", "7", "--max-kl", "3"]
    made = {"command": launched, "code": "1"}
    assert (
        made_by.differences(made, command("--alpha", "1", "--device-batch", "2", "--fsdp", "on"), "1") == []
    )


def test_what_the_rules_take_from_resources_are_the_flags_that_change_no_result():
    """Snakemake compares params and no resources."""
    import re

    rules = "\n".join(path.read_text() for path in (SCRIPTS.parent / "rules").glob("*.smk"))
    taken = set(re.findall(r"(--[a-z-]+) \{+resources\.", rules)) - {"--gpus"}
    assert taken <= made_by.RESOURCES
    assert made_by.RESOURCES - taken == {
        "--equal-steps",
        "--max-kl",
        "--on-failure",
    }  # of `resources.monitor`


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"command": "a"})])
def test_a_record_that_cannot_be_read_is_none(tmp_path, text):
    assert made_by.read(tmp_path / "x") is None
    made_by.record_path(tmp_path / "x").write_text(text)
    assert made_by.read(tmp_path / "x") is None


def test_a_record_that_cannot_be_written_is_one_line(tmp_path):
    made_by.record_path(tmp_path / "x").mkdir()
    with pytest.raises(InputError, match=r"x\.made\.json: Is a directory; correct the path"):
        made_by.begin(tmp_path / "x", ["a"], "1", 0)


def test_a_job_gets_no_input(tmp_path):
    """What asks a question, as transformers does of a folder's own code, gets no `y`."""
    read = "import sys; print(repr(sys.stdin.read()))"
    done = subprocess.run(
        job(tmp_path / "x", read), input="y\ny\n", capture_output=True, text=True, check=True
    )
    assert done.stdout == "''\n"


def test_a_record_of_countless_levels_is_none(tmp_path):
    made_by.record_path(tmp_path / "x").write_text("[" * 10**6)
    assert made_by.read(tmp_path / "x") is None
