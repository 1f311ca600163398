"""A process that ends with the one that started it."""

import ctypes
import os
import signal
import subprocess
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


def run_child(command: list[str]) -> None:
    """Run a program that ends with this process (`end_with`), and wait for it; where it fails, end as it did.

    A SIGTERM goes on to it. It inherits the locks of this job's record and of its cards: while it lives, no
    other job takes them.

    Args:
        command: of the program, which calls `end_with`.
    """
    children, stopped = [], []

    def stop(*_) -> None:
        stopped.append(True)
        for child in children:
            child.terminate()

    before = signal.signal(signal.SIGTERM, stop)
    children.append(subprocess.Popen(command, close_fds=False))
    if stopped:  # before it was among the children
        children[0].terminate()
    status = children[0].wait()
    signal.signal(signal.SIGTERM, before)
    if status or stopped:
        sys.exit(abs(status) or 128 + signal.SIGTERM)
