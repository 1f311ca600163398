"""Progress that a running job has written into its log last (`tms.io.progress`)."""

import re
from dataclasses import dataclass
from pathlib import Path

# Bounded: a log may hold any text.
LINE = re.compile(r"^.+: (\d{1,12}/\d{1,12} \w{1,20}) \(\d+ %\), [\d.]+ \w+/s, (\d{1,9}) s left")
END = 4096  # bytes of a log that are read


@dataclass(frozen=True)
class Reported:
    """A line of progress: `12/64 steps`, and the seconds that it says are left."""

    count: str
    left: float


def reported(path: Path) -> Reported | None:
    """The last line of progress at the end of a log; None where there is none."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(path.stat().st_size - END, 0))
            lines = stream.read(END).decode(errors="replace").splitlines()
    except OSError:  # not there yet
        return None
    for line in reversed(lines):
        if found := LINE.match(line):
            return Reported(found[1], float(found[2]))
    return None
