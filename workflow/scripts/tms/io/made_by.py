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
import sys
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
MOUNTS = Path("/proc/self/mountinfo")
# Mount options of network file systems (NFS, Lustre, SMB) by which a lock holds on one node alone.
ONE_NODE = {"nolock", "local_lock=all", "local_lock=flock", "localflock", "nobrl"}
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
    between machines, unless a mount option says otherwise; `hold` then warns.)

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

    Where locks hold on one node alone, or there are none, a warning names the process of another node that
    had it last: it may run, or have ended.

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
    record = record | {"pid": os.getpid(), "host": platform.node(), "began": time.strftime("%F %T %z")}
    if job := os.environ.get("SLURM_JOB_ID"):
        record["slurm_job"] = job
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        locked = _lock(descriptor, path, what, time.monotonic() + patience)
        _warn_of_another_node(locked, descriptor, what, _read(path) or {})
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
    return (
        f"process {record.get('pid', '?')} on {record.get('host', '?')} still makes it (its Snakemake may "
        f"have been killed); end it with `{_end(record)}`, which keeps what it has done"
    )


def _end(record: dict) -> str:
    """The command that ends the process of a record."""
    job = record.get("slurm_job")  # another one's: this one's may be an allocation with more in it
    own = job in (None, os.environ.get("SLURM_JOB_ID"))
    return f"kill {record.get('pid', '?')}" if own else f"scancel {job}"


def _warn_of_another_node(locked: bool, descriptor: int, what: Path, record: dict) -> None:
    """Say which process of another node had a lock before, where it may have it still."""
    if record.get("host", platform.node()) == platform.node():
        return
    option = one_node(descriptor)
    if locked and not option:
        return
    made = f"process {record.get('pid', '?')} on {record['host']}, begun at {record.get('began', '?')}"
    why = f" (mount option {option})" if option else ""
    print(
        f"warning: {what}: nobody can tell here whether {made}, still makes it, for its file system has no "
        f"locks between nodes{why}; if it runs there, end it with `{_end(record)}`",
        file=sys.stderr,
        flush=True,
    )


def one_node(descriptor: int) -> str | None:
    """The mount option by which locks of an open file hold on this node alone; None where none is known."""
    device = os.fstat(descriptor).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = [line.split() for line in MOUNTS.read_text(errors="replace").splitlines()]
    except OSError:
        return None
    options = {option for mount in mounts if mount[2] == number for option in mount[-1].split(",")}
    return min(options & ONE_NODE, default=None)


def read(output: Path) -> dict | None:
    """The record of an output; None where there is none that can be read."""
    record = _read(record_path(output))
    return record if record and isinstance(record.get("command"), list) else None


def _read(path: Path) -> dict | None:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
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
