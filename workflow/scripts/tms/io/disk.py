"""Room on a disk: asked before a job's work, and named where it ran out."""

import errno
import shutil
from pathlib import Path

from tms.io.errors import InputError

FULL = {errno.ENOSPC, errno.EDQUOT}
# Libraries in other languages raise errors of their own: with the system's words, and torch with neither.
WORDS = (
    *("no space left on device", "disk quota exceeded"),
    *("pytorchstreamwriter failed writing", "unexpected pos "),
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


def ran_out(error: BaseException) -> str | None:
    """The line for an error that means a full disk; None for any other."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        full = isinstance(error, OSError) and error.errno in FULL
        if full or any(words in str(error).lower() for words in WORDS):
            name = getattr(error, "filename", None)
            first = (str(error).splitlines() or [""])[0]
            return f"{name or 'a disk'}: no space left ({first}); free some and run again"
        error = error.__cause__ or error.__context__
    return None
