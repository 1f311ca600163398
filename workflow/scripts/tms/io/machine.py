"""The line for what the machine refused while something was read, which is not at fault itself."""

import errno
import os
import re
from pathlib import Path

from tms.io import disk, memory

# Libraries in other languages raise errors without a number, and say it at the end: `(os error 24)`, `(24)`.
NUMBER = re.compile(r"\((?:os error )?([0-9]{1,3})\)")
# Among an error's causes these alone are told: others can be of a network, or of a place that was only tried.
OF_CAUSES = {
    *(errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
}


def refused(error: BaseException, path: Path | None = None) -> str | None:
    """The line for an error, itself or by its causes, that the machine's memory, disk or limits raised.

    Args:
        error: that was raised.
        path: file or folder that was read, where the error names none.

    Returns:
        None for any other: what was read may be at fault.
    """
    if line := memory.ran_out(error):
        return f"{path}: {line}" if path else line
    if line := disk.refused(_numbered(error), path):
        return line
    seen, cause = {id(error)}, error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        numbered = _numbered(cause)
        if getattr(numbered, "errno", None) in OF_CAUSES:
            return disk.refused(numbered, path)
        cause = cause.__cause__ or cause.__context__
    return None


def _numbered(error: BaseException) -> BaseException:
    """An error with the system's number where only its words have it."""
    if getattr(error, "errno", None):
        return error
    said = str(error)
    for found in NUMBER.findall(said):
        if os.strerror(int(found)) in said:
            return OSError(int(found), os.strerror(int(found)))
    return error
