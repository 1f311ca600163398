"""Files that appear whole or not at all.

A file is written under a name of its own beside its place, `.{name}.{random}.unfinished`, and renamed. What a
killed process leaves has such a name: it is removed when the file is made again, unless another process still
writes it. That one has it locked (`flock`), and the kernel ends the lock with the process.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tms.io import disk
from tms.io.errors import InputError

ENDING = ".unfinished"


@contextmanager
def writing(path: Path, leftovers: str | None = None) -> Iterator[Path]:
    """Give a path to write to; what is there takes the place of `path` when the block ends without an error.

    Args:
        path: the file; its folder is made.
        leftovers: pattern of the names of files whose unfinished ones are removed first; `path`'s own name by
            default.

    Raises:
        InputError: the disk is full or read-only, or the system refuses in another way (`disk.refused`).
    """
    lock = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, leftovers or path.name)
        unfinished, lock = _begun(path)
        try:
            yield unfinished
            os.fsync(lock)  # on the disk before it has its name: after a power cut it could be empty else
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except Exception as error:
        if isinstance(error, InputError):
            raise
        if str(getattr(error, "filename", None)).endswith(ENDING):
            error.filename = str(path)
        line = disk.refused(error, path)
        if line is None:
            raise
        raise InputError(line) from error
    finally:
        if lock is not None:
            os.close(lock)


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8), whole or not at all.

    Raises:
        InputError: as `writing`.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        InputError: as `writing`.
    """
    with writing(path) as unfinished:
        unfinished.write_bytes(content)


def remove_leftovers(folder: Path, names: str) -> None:
    """Remove unfinished files that no process writes any more.

    Args:
        folder: where they lie.
        names: pattern of the names that they were to have.
    """
    for file in folder.glob(f".{names}.*{ENDING}"):
        with suppress(OSError):  # gone meanwhile, another user's, still locked, or no locks are known here
            descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink()
            finally:
                os.close(descriptor)


def _begun(path: Path) -> tuple[Path, int]:
    """A new unfinished file of a path, and the descriptor that locks it."""
    while True:
        unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{ENDING}")
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        with suppress(OSError):  # a file system without locks: nobody removes what others leave there
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # else another process has taken it for a leftover before the lock
            return unfinished, descriptor
        os.close(descriptor)
