"""The end of a process with the one that started it."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # of linux/prctl.h: the signal to get when the parent ends


def signal_at_its_end(number: signal.Signals) -> None:
    """Send this process a signal when the thread that started it ends, however it ends (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def end_with(process: int) -> None:
    """End this process by SIGTERM when its parent ends (on Linux), and at once where it has already ended.

    Args:
        process: id of the parent.
    """
    signal_at_its_end(signal.SIGTERM)
    if os.getppid() != process:  # it ended before this process could ask for the signal
        os.kill(os.getpid(), signal.SIGTERM)
