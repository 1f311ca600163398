"""Rows without a result: how many a stage may have, and what the terminal says of them."""

import argparse
import sys
from collections import Counter

from tms.answers.grade import CRASH, ERROR, LIMIT, LOST, TIMEOUT
from tms.io.errors import InputError

MOST_LOST = 0.005  # share of a stage's rows that the machine may lose; one row it always may
REMEDIES = {
    TIMEOUT: "its processes get no CPU time: lower compute.grading_processes, or free the machine",
    CRASH: "its processes die: give the job more memory",
}
MEANINGS = {
    LIMIT: "used up their own CPU seconds or memory",
    TIMEOUT: "lost to the machine, without a word for too long",
    CRASH: "lost to the machine, with a process that died",
    ERROR: "raised an exception (printed above)",
}


def add_grading(parser: argparse.ArgumentParser) -> None:
    """Add the flags of worker processes, and of what follows where the machine loses rows."""
    parser.add_argument("--processes", type=int, default=1, help="worker processes; changes no result")
    add_lost_rows(parser)


def add_lost_rows(parser: argparse.ArgumentParser) -> None:
    """Add the flag of what follows where the machine loses rows."""
    parser.add_argument(
        "--lost-rows",
        choices=["stop", "warn"],
        default="stop",
        help="what follows where the machine loses more rows than one and 0.5 %% of them",
    )


class Losses:
    """Rows of one call that have no result, by reason.

    Args:
        name: of the work, for messages.
        rows: number of all rows.
        lost_rows: stop or warn, where the machine has lost more than one of them and 0.5 %.
    """

    def __init__(self, name: str, rows: int, lost_rows: str):
        self.name, self.rows, self.lost_rows = name, rows, lost_rows
        self.reasons: Counter[str] = Counter()

    def count(self, reason: str) -> None:
        """Count a row.

        Raises:
            InputError: the machine has lost too many; this comes before the rest of the rows takes its time.
        """
        self.reasons[reason] += 1
        lost = {name: self.reasons[name] for name in LOST if self.reasons[name]}
        if self.lost_rows == "stop" and sum(lost.values()) > max(1, MOST_LOST * self.rows):
            counts = ", ".join(f"{name} {count}" for name, count in lost.items())
            raise InputError(
                f"{self.name}: {sum(lost.values())} of {self.rows} rows lost to the machine, also when each "
                f"was tried again alone ({counts}); {REMEDIES[max(lost, key=lost.get)]}. compute.lost_rows: "
                f"warn goes on without them"
            )

    def tell(self) -> None:
        """Print how many rows have no result, where some have none."""
        if self.reasons:
            counts = "; ".join(f"{count} {MEANINGS[reason]}" for reason, count in self.reasons.items())
            print(f"warning: {self.name}: of {self.rows} rows {counts}", file=sys.stderr, flush=True)
