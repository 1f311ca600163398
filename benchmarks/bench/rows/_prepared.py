"""Folders of files that a row works on."""

import atexit
import os
import shutil
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp


def folder_of(write: Callable[..., None], *arguments) -> Path:
    """A new folder into which a process of its own has written; it goes when this process ends.

    That process's memory does not count as the row's.

    Raises:
        RuntimeError: it failed; its words are printed.
    """
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    writer = get_context("spawn").Process(target=write, args=(folder, *arguments))
    writer.start()
    # Not reaped: its peak is not this process's.
    ended = os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOWAIT)
    if ended.si_status:
        raise RuntimeError(f"{write.__name__} failed")
    return folder
