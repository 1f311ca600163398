"""The seconds that a cost counts: of the clock where cards compute, and of CPU time where CPUs do.

On a busy machine the clock says how busy it was: the same 56 steps of the miniature took 34 s once, and 212 s
beside other programs.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class WorkTime:
    """Seconds that a process has worked, without what stands in `uncounted`.

    Args:
        threads: CPU threads that compute, over which CPU time is spread; 0: cards do, and the clock counts.
    """

    def __init__(self, threads: int = 0):
        self.threads = threads
        self._start = self._now()

    def _now(self) -> float:
        return time.process_time() / self.threads if self.threads else time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._now() - self._start

    def add(self, seconds: float) -> None:
        """Count seconds of an earlier part of the work, too."""
        self._start -= seconds

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is done inside counts for nothing: a measurement, or a file that the work does not need."""
        begun = self._now()
        try:
            yield
        finally:
            self._start += self._now() - begun
