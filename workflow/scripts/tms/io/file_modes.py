"""Modes of files that libraries write."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path


def honour_umask(folder: Path, files: Iterable[Path]) -> None:
    """Give files the mode of any file that is new in a folder: safetensors writes 0600, whatever the umask.

    Args:
        folder: in which a file is made to learn that mode, since access lists of a folder count too.
        files: whose modes are set.
    """
    fresh = folder / f".mode.{os.getpid()}"
    fresh.touch()
    mode = stat.S_IMODE(fresh.stat().st_mode)
    fresh.unlink()
    for file in files:
        file.chmod(mode)
