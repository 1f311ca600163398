"""A limit of CPU time: a loaded machine does not change what it finds, unlike the wall clock."""

import signal
from contextlib import contextmanager

import pytest


@contextmanager
def cpu_limit(seconds: float):
    """Fail where the code inside takes more CPU seconds; Python code and `re` are stopped there."""
    reached = []

    def stop(*_):
        reached.append(True)
        pytest.fail(f"more than {seconds} seconds of CPU time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert not reached  # whatever the code has caught
