"""Limits of a worker process: CPU seconds and memory of each row, and an end with its parent."""

import signal
import sys
from pathlib import Path

from tms.io import parent

MEMORY = 1 << 30  # bytes of address space that one row may add


def end_with_parent() -> None:
    """Leave this process's end to its parent: a signal to all does nothing to it, the parent's death ends it.

    A training that gets SIGTERM or SIGINT still needs its grades before it saves its state. On Linux the end
    comes also amid a row, when the thread that started this process ends; elsewhere the caller has to look.
    """
    for ending in (signal.SIGINT, signal.SIGTERM):  # and no handler that a fork has inherited
        signal.signal(ending, signal.SIG_IGN)
    parent.signal_at_its_end(signal.SIGKILL)


def limit_cpu(seconds: float) -> None:
    """End this process by SIGPROF when it has used so many more CPU seconds; 0 lifts the limit.

    The kernel counts and ends it: C code that holds the interpreter's lock is stopped too, no `except` can
    swallow the end, and a process that waits for a core, or is stopped, uses none of its seconds.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_memory() -> None:
    """Let whatever makes this process build something huge from now on fail with a MemoryError (on Linux)."""
    if sys.platform == "linux":
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = used + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
