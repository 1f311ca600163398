"""The record of what made an output: it lies beside it, and the job keeps it locked while it runs.

Snakemake compares settings only where it finds its own `.snakemake`, and only with the triggers that it is
given. A `kill -9` of it leaves its jobs running, whose outputs and work folders a restarted job would share.
"""

import errno
import fcntl
import json
import os
import platform
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tms.io import disk
from tms.io.errors import InputError

STARTER = "job.py"  # the program that starts a job's own
PATIENCE = 10.0  # seconds in which a job that has ended loses its last child process
POLL_SECONDS = 0.1
UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # a file system without locks
# Flags that change no result: cards, processes, memory, reporting, and what follows where a run fails.
RESOURCES = {
    *(
        "--tensor-parallel",
        "--device-batch",
        "--fsdp",
        "--gradient-checkpointing",
        "--report-to",
        "--processes",
    ),
    *("--grading-processes", "--lost-rows", "--equal-steps", "--max-kl", "--on-failure", "--masked-targets"),
    "--read-by",
}


def record_path(output: Path) -> Path:
    """The record of a job, beside its first output."""
    return output.with_name(f".{output.name}.made.json")


def begin(output: Path, command: list[str], code: str, patience: float) -> int | None:
    """Lock an output's record, and write it.

    The lock belongs to this process, to what it becomes, and to the processes that these fork; the kernel
    releases it when the last of them has ended, however it ended. (On NFS, Linux asks the server, so it holds
    between machines.)

    Args:
        output: the job's first output.
        command: words of the program and its flags.
        code: digest of the job's code.
        patience: seconds to wait for a lock that is held.

    Returns:
        The lock's descriptor, which another program inherits; None on a file system without locks.

    Raises:
        InputError: another process holds it (the line says which), or it cannot be written.
    """
    descriptor = hold(record_path(output), output, {"command": command, "code": code}, patience)
    if descriptor is not None:
        os.set_inheritable(descriptor, True)
    return descriptor


def hold(path: Path, what: Path, record: dict, patience: float) -> int | None:
    """Lock a file until this process ends or closes it, and write into it who holds it.

    Args:
        path: of the file.
        what: it is that one process alone may make.
        record: to write beside the process.
        patience: seconds to wait for a lock that is held.

    Returns:
        The lock's descriptor; None on a file system without locks.

    Raises:
        InputError: another process holds it (the line says which), or it cannot be written.
    """
    record = record | {"pid": os.getpid(), "host": platform.node()}
    if job := os.environ.get("SLURM_JOB_ID"):
        record["slurm_job"] = job
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        locked = _lock(descriptor, path, what, time.monotonic() + patience)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, (json.dumps(record, indent=1) + "\n").encode())
    except OSError as error:
        told = disk.refused(error, path) or f"{path}: cannot be locked and written ({error.strerror})"
        raise InputError(told) from error
    if not locked:
        os.close(descriptor)
    return descriptor if locked else None


@contextmanager
def holding(path: Path, what: Path, patience: float) -> Iterator[None]:
    """`hold` a file until the block ends."""
    descriptor = hold(path, what, {}, patience)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(descriptor: int, path: Path, what: Path, deadline: float) -> bool:
    """Whether a file could be locked; False where the file system has no locks."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno in UNKNOWN:
                return False
            if not isinstance(error, BlockingIOError):
                raise
        if time.monotonic() > deadline:
            os.close(descriptor)
            raise InputError(f"{what}: {_holder(_read(path) or {})}, then run the same command")
        time.sleep(POLL_SECONDS)


def _holder(record: dict) -> str:
    """The process that still makes an output, and the way to end it."""
    pid, host = record.get("pid", "?"), record.get("host", "?")
    job = record.get("slurm_job")  # another one's: this one's may be an allocation with more in it
    end = f"kill {pid}" if job in (None, os.environ.get("SLURM_JOB_ID")) else f"scancel {job}"
    return (
        f"process {pid} on {host} still makes it (its Snakemake may have been killed); end it with "
        f"`{end}`, which keeps what it has done"
    )


def read(output: Path) -> dict | None:
    """The record of an output; None where there is none that can be read."""
    record = _read(record_path(output))
    return record if record and isinstance(record.get("command"), list) else None


def _read(path: Path) -> dict | None:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def settings(command: list[str]) -> dict[str, list[str]]:
    """The flags of a program that its result depends on, with their values.

    Args:
        command: words, from what starts the program (a lease, a launcher) on.
    """
    programs = [place for place, word in enumerate(command) if word.endswith(".py")]
    flags: dict[str, list[str]] = {"program": [command[programs[-1]]] if programs else []}
    values = flags["program"]
    for word in command[programs[-1] + 1 :] if programs else []:
        if word.startswith("--"):
            values = flags.setdefault(word, [])
        else:
            values.append(word)
    return {name: values for name, values in flags.items() if name not in RESOURCES}


def differences(made: dict, command: list[str], code: str) -> list[str]:
    """Difference of an output's record from what would make it today, e.g. `--alpha 0.25, now 0.4`."""
    changed = changed_flags(settings(made["command"]), settings(command))
    return changed or (["other code"] if made.get("code") != code else [])


def changed_flags(before: dict[str, list[str]], now: dict[str, list[str]]) -> list[str]:
    """Flags with other values than before, e.g. `--alpha 0.25, now 0.4`."""
    return [
        f"{name} {_shown(before.get(name))}, now {_shown(now.get(name))}"
        for name in dict.fromkeys([*now, *before])
        if before.get(name) != now.get(name)
    ]


def program(shell: str) -> tuple[list[str], str]:
    """Words of the program and its flags in the shell command of a job, and the digest of its code."""
    words = shlex.split(shell)
    words = words[words.index("--output") : words.index(">")]
    start = words.index("--")
    return words[start + 1 :], words[words.index("--code") + 1] if "--code" in words[:start] else ""


def _shown(values: list[str] | None) -> str:
    """Values of a flag, cut where they are long."""
    if values is None:
        return "not given"
    text = " ".join(values)
    return text if len(text) <= 60 else f"{text[:57]}..."
