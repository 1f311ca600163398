"""Room on a disk, asked before a job's work; and the line for what a disk or the system refused."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tms.io.errors import InputError

# What refuses is no fault of the program or of a file's contents; so each has a remedy of its own.
FULL = "free some space there and run again"
RIGHTS = "give this user the right to it, and run again"
DEVICE = "look after the disk or server that it lies on, and run again"
LIMIT = "end other programs, or raise the limit of open files (ulimit -n), and run again"
PLACE = "correct the path, or move away what is in its place"
REMEDIES = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: "mount its file system writable, or put the folder elsewhere, and run again",
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.EIO: DEVICE,
    errno.ESTALE: DEVICE,
    errno.ENXIO: DEVICE,
    errno.ENODEV: DEVICE,
    errno.ETIMEDOUT: DEVICE,
    errno.EHOSTDOWN: DEVICE,
    errno.EMFILE: LIMIT,
    errno.ENFILE: LIMIT,
    errno.ENOMEM: "end other programs, and run again",
    errno.EEXIST: PLACE,
    errno.EISDIR: PLACE,
    errno.ENOTDIR: PLACE,
    errno.ENOTEMPTY: PLACE,
    errno.ELOOP: PLACE,
    errno.ENAMETOOLONG: PLACE,
}
BLOCK = 1 << 16  # bytes: the largest block that a usual file system gives to a new file
# Libraries in other languages raise errors of their own: with the system's words, and torch with neither.
WORDS = (
    *("no space left on device", "disk quota exceeded"),
    *("pytorchstreamwriter failed writing", "unexpected pos ", "iostream error"),
)


def check_room(folder: Path, needed: float, what: str) -> None:
    """Refuse a job that would fill a disk.

    Args:
        folder: where it writes; need not be there yet.
        needed: bytes that it adds there.
        what: words for what it writes.

    Raises:
        InputError: fewer bytes are free.
    """
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise InputError(
            f"{folder}: {free / 1e9:.3g} GB are free on its disk, and {what} may take {needed / 1e9:.3g} GB; "
            f"free some, or put the folder on a larger disk"
        )


def without_room(folder: Path) -> str:
    """The line for a disk on which not even a line can be written; "" where there is room.

    Args:
        folder: of a log that a job could not write.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return f"{folder}: no space left on its disk; {FULL}" if free < BLOCK else ""


def read(path: Path) -> bytes | None:
    """Bytes of a file; None where there is none.

    Raises:
        InputError: the disk or the system refuses to read it.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(refused(error, path) or f"{path}: cannot be read ({error})") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Around the reading of a file: errors of the system name it, which those of `read` do not by themselves.

    Args:
        path: of the file.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def refused(error: BaseException, path: Path | None = None) -> str | None:
    """The line for an error by which a disk or the system refused; None for any other.

    Args:
        error: that was raised; a full disk is found among its causes too, since libraries raise their own.
        path: the file that was read or written, where the error names none.
    """
    if line := _full(error, path):
        return line
    number = getattr(error, "errno", None)
    if not isinstance(error, OSError) or number not in REMEDIES:
        return None
    name = error.filename if isinstance(error.filename, str | Path) else path
    return f"{name or 'a file'}: {_reason(error)}; {REMEDIES[number]}"


def _full(error: BaseException, path: Path | None) -> str | None:
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        full = isinstance(error, OSError) and REMEDIES.get(error.errno) == FULL
        if full or any(words in str(error).lower() for words in WORDS):
            # Of a copy the second name is the one that was written.
            name = getattr(error, "filename2", None) or getattr(error, "filename", None) or path
            place = f"{Path(name).parent}: no space left on its disk for {Path(name).name}" if name else None
            return f"{place or 'a disk: no space left'} ({_reason(error)}); {FULL}"
        error = error.__cause__ or error.__context__
    return None


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return (str(error).splitlines() or [type(error).__name__])[0]
