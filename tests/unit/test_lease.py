"""GPU leases, with real processes on a node whose number of cards is made up."""

import errno
import fcntl
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from helpers.paths import SCRIPTS

from tms.io.errors import InputError

LEASE = SCRIPTS / "lease.py"
SHOW = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
# Enters its cards, waits, leaves them; fails where a card is taken already.
USE = """
import os, pathlib, sys, time
cards = os.environ["CUDA_VISIBLE_DEVICES"].split(",")
for card in cards:
    pathlib.Path(sys.argv[1], card).open("x").close()
time.sleep(float(sys.argv[2]))
for card in cards:
    pathlib.Path(sys.argv[1], card).unlink()
print(len(cards))
"""


@pytest.fixture
def lease(tmp_path):
    """Call `lease(gpus, code, *words)`: starts Python code on that many cards of a node with `count`."""
    started = []

    def start(gpus, code=SHOW, *words, count=8, environment=None):
        command = [sys.executable, str(LEASE), f"--gpus={gpus}", f"--folder={tmp_path / 'leases'}"]
        command += [f"--count={count}"] if count is not None else []
        command += ["--", sys.executable, "-c", code, *map(str, words)]
        own = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
        process = subprocess.Popen(
            command, env=own | (environment or {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def output(process):
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    return printed.strip()


def wait_for(path):
    while not path.exists():
        time.sleep(0.02)


def test_the_command_sees_its_cards_alone(lease):
    assert output(lease(2)) == "0,1"


def test_no_gpu_hides_every_card(lease):
    assert output(lease(0, count=None, environment={"CUDA_VISIBLE_DEVICES": "3"})) == ""


def test_leases_are_taken_among_the_visible_cards(lease):
    assert output(lease(2, environment={"CUDA_VISIBLE_DEVICES": "5, 2,7"})) == "5,2"


def test_more_cards_than_there_are(lease):
    done = lease(9)
    assert (
        done.communicate()[1] == "error: 9 GPUs are asked for, this node has 8; lower `gpus` in the config\n"
    )
    assert done.returncode == 2
    done = lease(2, environment={"CUDA_VISIBLE_DEVICES": "4"})
    assert "2 GPUs are asked for, CUDA_VISIBLE_DEVICES names 1" in done.communicate()[1]


@pytest.mark.parametrize("names", ["NoDevFiles", "0,-1", "none", "0;1"])
def test_what_is_no_card_is_refused(lease, names):
    done = lease(1, environment={"CUDA_VISIBLE_DEVICES": names})
    assert "which is no card" in done.communicate()[1]


def test_a_card_named_twice_is_one_card(lease):
    done = lease(2, environment={"CUDA_VISIBLE_DEVICES": "3,3"})
    assert "CUDA_VISIBLE_DEVICES names 1" in done.communicate()[1]


def test_a_part_of_a_card(lease):
    assert output(lease(1, environment={"CUDA_VISIBLE_DEVICES": "MIG-GPU-8f/1/0"})) == "MIG-GPU-8f/1/0"


def test_a_machine_without_nvidia_smi(lease, tmp_path):
    done = lease(1, count=None, environment={"PATH": str(tmp_path)})
    assert "nvidia-smi lists none on this machine; set `gpus`" in done.communicate()[1]
    assert done.returncode == 2


def test_a_command_that_does_not_exist(tmp_path):
    command = [sys.executable, str(LEASE), "--gpus=0", "--", "no-such-command"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: no-such-command: No such file or directory\n")


def test_flags_of_the_command_are_its_own(tmp_path):
    command = [sys.executable, str(LEASE), "--gpus=0", "--", "echo", "--gpus", "3", "--", "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "--gpus 3 -- x\n"


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_cards_are_free_once_the_command_is_killed(lease, tmp_path, kind):
    (tmp_path / "use").mkdir()
    holder = lease(8, USE, tmp_path / "use", 1000)
    wait_for(tmp_path / "use" / "7")
    waiting = lease(1)
    assert waiting.stderr.readline() == "lease: waiting for 1 of 8 GPUs\n"
    assert waiting.poll() is None
    os.kill(holder.pid, kind)  # the command itself: the lease became it
    assert holder.wait() == -kind
    assert output(waiting) == "0"


def test_who_waits_for_the_whole_node_is_not_passed(lease, tmp_path):
    (tmp_path / "use").mkdir()
    holder = lease(4, USE, tmp_path / "use", 60)
    wait_for(tmp_path / "use" / "3")
    large = lease(8)
    assert "waiting for 8 of 8" in large.stderr.readline()
    small = lease(1)
    assert "waiting for 1 of 8" in small.stderr.readline()
    assert small.poll() is None  # though four cards are idle
    holder.kill()
    assert output(large) == "0,1,2,3,4,5,6,7"
    assert output(small) == "0"


def test_a_killed_waiter_holds_nobody_up(lease, tmp_path):
    (tmp_path / "use").mkdir()
    lease(4, USE, tmp_path / "use", 60)
    wait_for(tmp_path / "use" / "3")
    large = lease(8)
    assert "waiting for 8 of 8" in large.stderr.readline()
    large.kill()
    large.wait()
    assert output(lease(4)) == "4,5,6,7"


@pytest.mark.slow
def test_twenty_jobs_on_eight_cards_never_share_one(lease, tmp_path):
    (tmp_path / "use").mkdir()
    draw = random.Random(0)
    wanted = [draw.randint(1, 4) for _ in range(20)]
    jobs = [lease(gpus, USE, tmp_path / "use", draw.uniform(0.05, 0.3)) for gpus in wanted]
    assert [output(job) for job in jobs] == list(map(str, wanted))


def test_jobs_of_one_slurm_job_have_leases_of_their_own(monkeypatch, tmp_path):
    import runpy

    lease_folder = runpy.run_path(str(LEASE))["lease_folder"]
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    outside = lease_folder()
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert lease_folder() == outside.with_name(f"{outside.name}-slurm17")


def test_nodes_that_share_a_temporary_folder_share_no_lease(monkeypatch, tmp_path):
    import runpy

    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    lease_folder = runpy.run_path(str(LEASE))["lease_folder"]
    folders = set()
    for kernel in ("a kernel", "another", "another"):
        (tmp_path / "boot_id").write_text(f"{kernel}\n")
        lease_folder.__globals__["BOOT"] = tmp_path / "boot_id"
        folders.add(lease_folder())
    assert len(folders) == 2 and len({folder.parent for folder in folders}) == 1


def test_nvidia_smi_that_does_not_answer_is_one_line(tmp_path, monkeypatch):
    import lease

    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(lease, "PATIENCE", 0.2)
    with pytest.raises(InputError, match=r"nvidia-smi does not answer within 0\.2 seconds; look after"):
        lease.visible_cards(None)


def test_a_folder_without_locks_is_named(tmp_path, monkeypatch):
    import lease

    def refuse(*given):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(InputError, match=r"queue: cannot be locked \(No locks available\); set TMPDIR"):
        lease.take(1, ["0"], tmp_path / "leases")
