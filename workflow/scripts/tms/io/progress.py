"""Progress with rate and time left: a bar on a terminal, plain lines in a log file."""

import sys
import time
from collections.abc import Callable

from tqdm import tqdm


class Progress:
    """Count units of work and show the rate and the time left.

    On a terminal this is a tqdm bar; elsewhere a plain line every `interval` seconds and one at the end.

    Args:
        total: number of units, known beforehand.
        what: what is being done, e.g. "harvest checkpoint-3of10".
        unit: name of a unit, e.g. "rows" or "steps".
        interval: seconds between two lines of a log.
        clock: monotonic seconds (a test passes its own).
    """

    def __init__(
        self,
        total: int,
        what: str,
        unit: str,
        interval: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.total, self.what, self.unit, self.interval, self.clock = total, what, unit, interval, clock
        self.done = 0
        self.started = self.last = clock()
        self.bar = tqdm(total=total, desc=what, unit=f" {unit}") if sys.stderr.isatty() else None

    def advance(self, units: int = 1, note: str = "") -> None:
        """Count finished units; `note` is shown behind them (e.g. the loss)."""
        self.done += units
        if self.bar is not None:
            self.bar.set_postfix_str(note, refresh=False)
            self.bar.update(units)
        elif self.done >= self.total or self.clock() - self.last >= self.interval:
            self.last = self.clock()
            print(self.line(note), file=sys.stderr, flush=True)

    def line(self, note: str = "") -> str:
        """The plain line of a log file."""
        elapsed = max(self.clock() - self.started, 1e-9)
        rate = self.done / elapsed
        left = (self.total - self.done) / rate if rate else float("inf")
        share = 100 * self.done / max(self.total, 1)
        return (
            f"{self.what}: {self.done}/{self.total} {self.unit} ({share:.0f} %), "
            f"{rate:.1f} {self.unit}/s, {left:.0f} s left{', ' + note if note else ''}"
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception) -> None:
        if self.bar is not None:
            self.bar.close()
