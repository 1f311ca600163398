"""Processes of a run: the plain command, a job's worker, what they have used, and moments of their work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from tms.io import made_by

POLL_SECONDS = 0.05


def command(targets: list[str], *options: str) -> list[str]:
    """The plain command: Snakemake for targets."""
    options = options or ("--cores=1",)
    config = ["--nocolor", "--configfile", "torture.yaml"]
    return [sys.executable, "-m", "snakemake", *options, *config, "--", *targets]


def start(folder: Path, words: list[str], printed: Path, before: list[str] | None = None) -> subprocess.Popen:
    """Start a command in a folder, in a process group of its own; what it prints goes to a file.

    Args:
        folder: where it runs.
        words: the command.
        printed: the file, outside the folder (whose disk may be full).
        before: words in front of it, e.g. a program that takes rights away.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment.pop("PYTHONPATH", None)
    with printed.open("ab") as stream:
        return subprocess.Popen(
            [*(before or []), *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )


def cpu_seconds(process: psutil.Process) -> float:
    """Processor seconds of a process and of its descendants, of those that have ended too."""
    used = 0.0
    for one in [process, *descendants(process)]:
        with suppress(psutil.Error):
            times = one.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Processes that a process and its children have started, as far as they run."""
    with suppress(psutil.Error):
        return [one for one in process.children(recursive=True) if alive(one)]
    return []


def alive(process: psutil.Process) -> bool:
    """Whether a process runs (one that has ended and is not collected does not)."""
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def worker(folder: Path, output: str) -> psutil.Process | None:
    """The process that makes an output, while it does; its record names it."""
    record = made_by.read(folder / output)
    if not record:
        return None
    with suppress(psutil.Error):
        process = psutil.Process(record["pid"])
        if alive(process) and Path(process.cwd()) == folder.resolve():
            return process
    return None


def at_moment(
    run: subprocess.Popen, folder: Path, output: str, seconds: float, ready: Callable[[psutil.Process], bool]
) -> psutil.Process | None:
    """Wait until the worker of an output has used so many processor seconds, and something more is true.

    Wall time says little on a busy machine, so a moment is a number of processor seconds.

    Returns:
        The worker; None where it was over before.
    """
    seen = None
    while run.poll() is None:
        process = worker(folder, output)
        if process is None and seen is not None:
            return None
        if process is not None:
            seen = process
            if cpu_seconds(process) >= seconds and ready(process):
                return process
        time.sleep(POLL_SECONDS)
    return None


def end(run: subprocess.Popen, seconds: float) -> bool:
    """Wait for a run to end; whether it did by itself (else it is killed, with all that it has started)."""
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_group(run)
        return False
    return True


def kill_group(run: subprocess.Popen) -> None:
    """Kill a run and what is in its process group."""
    with suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def of_folder(folder: Path) -> list[psutil.Process]:
    """Processes that work in a folder or have died in none: what a killed Snakemake has left."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()) == folder.resolve() and alive(process):
                found.append(process)
    return found
