"""States of a training run, from which it goes on: written whole, and checked before one is used.

A state is a folder `checkpoint-{step}` that Trainer wrote, with a record of all its files. It is written
under another name, synced and renamed; two are kept, so that a damaged one costs the steps since the other.
"""

import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from torch.distributed.checkpoint import CheckpointException

from tms.io import disk
from tms.io.errors import InputError
from tms.io.file_modes import honour_umask
from tms.io.work_folder import file_digest
from tms.training.devices import KEPT_STATES
from tms.training.pickled import fault_of_pickle

RECORD = "complete.json"  # of a state: its step, its seconds, and sizes and digests of its files
ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}  # what damage looks like; other errors are the disk's
# torch raises RuntimeError for whatever the system refuses its writer, and for all else.
REFUSED = (
    *("enforce fail at inline_container", "PytorchStreamWriter failed", "unexpected pos ", "iostream error"),
    *("Parent directory", "cannot be opened"),
)


class States:
    """The states of a run.

    Args:
        folder: where they lie, in the run's work folder.

    Attributes:
        unfinished: folder in which Trainer writes the next one; what lies there is of no use to a later run.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.unfinished = folder / ".unfinished"

    def make_room(self) -> None:
        """Remove all but the last state, before the next one is written: so no more than two need room."""
        for state in self.all()[KEPT_STATES - 1 :]:
            self._remove(state)

    def complete(self, step: int, seconds: float) -> None:
        """Make the state that Trainer has written one of those from which a run goes on.

        Args:
            step: optimiser steps so far.
            seconds: of training so far.
        """
        written = self.unfinished / f"checkpoint-{step}"
        files = [path for path in sorted(written.rglob("*")) if path.is_file()]
        honour_umask(written, files)
        record = {"run": self._run, "step": step, "seconds": seconds}
        record["files"] = _described(written, [str(file.relative_to(written)) for file in files])
        (written / RECORD).write_text(json.dumps(record | {"sha256": _seal(record)}, indent=1) + "\n")
        sync(written)
        target = self.folder / written.name
        if target.exists():
            self._remove(target)
        written.rename(target)
        _sync_one(self.folder)
        for state in self.all()[KEPT_STATES:]:
            self._remove(state)

    def latest(self, unusable: Callable[[int], str | None]) -> tuple[Path, dict] | None:
        """The last state that is as it was written, and its record; None where there is none.

        Each later one is reported in a line, and put aside under another name.

        Args:
            unusable: why a run cannot go on from a state of this step, though it is whole.

        Raises:
            InputError: the disk cannot be read or written.
        """
        shutil.rmtree(self.unfinished, ignore_errors=True)
        for state in self.all():
            try:
                record = self._read(state)
                if not (why := unusable(record["step"])):
                    return state, record
            except _Damaged as damage:
                why = str(damage)
            except OSError as error:
                raise InputError(
                    f"{error.filename or state}: a state to resume from cannot be read ({error.strerror}); "
                    f"mend that, or delete {state}, and run the same command again"
                ) from error
            self._put_aside(state, why)
        return None

    @property
    def _run(self) -> str:
        """The work folder's name, which stands for all that the run depends on, and the kind of states."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    def all(self) -> list[Path]:
        """Folders of states, the last one first."""
        steps = {}
        for path in self.folder.glob("checkpoint-*"):
            step = path.name.removeprefix("checkpoint-")
            if step.isdecimal() and step.isascii() and len(step) < 20:
                steps[path] = int(step)
        return sorted(steps, key=steps.__getitem__, reverse=True)

    def _read(self, state: Path) -> dict:
        """The record of a state that is as it was written."""
        record = _record(state)
        if record["run"] != self._run or state.name != f"checkpoint-{record['step']}":
            raise _Damaged(f"its {RECORD} is another state's")
        described = record["files"]
        there = {str(path.relative_to(state)) for path in state.rglob("*")} - {RECORD}
        folders = {str(folder) for name in described for folder in Path(name).parents} - {"."}
        if missing := sorted(described.keys() - there):
            raise _Damaged(f"{missing[0]} is missing")
        if more := sorted(there - folders - described.keys()):
            raise _Damaged(f"{more[0]} is no part of it")
        try:
            now = _described(state, list(described))
        except OSError as error:
            if error.errno not in ABSENT:
                raise
            raise _Damaged(f"{Path(error.filename).relative_to(state)} is no file") from error
        for name, (size, digest) in described.items():
            if now[name][0] != size:
                raise _Damaged(f"{name} has {now[name][0]} bytes, and was written with {size}")
            if now[name][1] != digest:
                raise _Damaged(f"{name} is not as it was written")
        for name in described:
            if why := fault_of_pickle(state / name):
                raise _Damaged(f"{name} {why}")
        return record

    def _remove(self, state: Path) -> None:
        """Remove a state; under another name first, for one half removed would look damaged."""
        self.unfinished.mkdir(exist_ok=True)
        old = self.unfinished / f"old-{state.name}"
        shutil.rmtree(old, ignore_errors=True)
        state.rename(old)
        shutil.rmtree(old, ignore_errors=True)

    def _put_aside(self, state: Path, why: str) -> None:
        names = (f"damaged-{state.name}" + (f".{number}" if number else "") for number in range(10**6))
        aside = next(path for name in names if not os.path.lexists(path := self.folder / name))
        try:
            state.rename(aside)
        except OSError as error:
            raise InputError(
                f"{state}: a damaged state ({why}) that cannot be renamed ({error.strerror}); delete it, and "
                f"run the same command again"
            ) from error
        print(
            f"warning: {state}: not used to go on from: {why}; put aside as {aside.name}, until the run ends",
            file=sys.stderr,
            flush=True,
        )


@contextmanager
def writing(folder: Path, unfinished: Path) -> Iterator[None]:
    """Around the writing of a checkpoint or a state: one that fails leaves no part that takes room.

    Args:
        folder: named in the message.
        unfinished: folder in which it is written.

    Raises:
        InputError: the system refused to write it, as torch's and safetensors' own errors say too; any other
            error passes through.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError, CheckpointException) as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        shutil.rmtree(unfinished, ignore_errors=True)
        said = (str(refusal).splitlines() or [repr(refusal)])[0][:200]
        why = f"cannot be written there ({said}); mend that"
        if (disk.refused(refusal) or "").endswith(disk.FULL):
            why = (
                "cannot be written there, for its disk is full; free some space, or move it to a larger disk"
            )
        raise InputError(
            f"{folder}: a checkpoint or a state {why}, and run the same command again (training goes on from "
            f"the last whole state)"
        ) from error


def _refusal(error: BaseException) -> BaseException | None:
    """The error by which the system refused to write a file; None where it says something else."""
    if isinstance(error, CheckpointException):  # of the processes that each write a part
        return next(filter(None, (_refusal(one) for one, _ in error.failures.values())), None)
    if isinstance(error, OSError | SafetensorError) or any(words in str(error) for words in REFUSED):
        return error
    return error if disk.refused(error) else None  # by what it was raised from


class _Damaged(Exception):
    """A state that is not as it was written; the message says in which way."""


def _record(state: Path) -> dict:
    file = state / RECORD
    try:
        record = json.loads(file.read_bytes())
        seal = record.pop("sha256")
        run, step, seconds = str(record["run"]), int(record["step"]), float(record["seconds"])
        files = {name: [size, str(digest)] for name, (size, digest) in record["files"].items()}
    except OSError as error:
        if error.errno not in ABSENT:
            raise
        raise _Damaged(f"{RECORD} is missing") from error
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise _Damaged(f"{RECORD} is no record of a state") from error
    if seal != _seal(record):
        raise _Damaged(f"{RECORD} is not as it was written")
    return {"run": run, "step": step, "seconds": seconds, "files": files}


def _seal(record: dict) -> str:
    """Digest of a record's other entries."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _described(folder: Path, names: list[str]) -> dict[str, list]:
    """Size and SHA-256 of files, by their names; several are read at once."""
    files = [folder / name for name in names]
    with ThreadPoolExecutor() as pool:
        digests = list(pool.map(file_digest, files))
    return {
        name: [file.stat().st_size, digest] for name, file, digest in zip(names, files, digests, strict=True)
    }


def sync(folder: Path) -> None:
    """Have the disk hold a folder's files before it is renamed: after a power cut it could be empty else."""
    for path in [*folder.rglob("*"), folder]:
        _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that sync no folders
            raise
    finally:
        os.close(descriptor)
