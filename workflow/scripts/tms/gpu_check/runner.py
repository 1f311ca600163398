"""Runs the parts of the check, each in processes of its own with a limit of its own, side by side if it can.

A part that crashes, hangs or is out of memory ends with a line that says so; the other parts go on.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tms.io import json_file
from tms.training.devices import launcher

PROGRAM = Path(__file__).parents[2] / "gpu_check.py"
POLL_SECONDS = 0.1
LEAST_SECONDS = 20  # a part that would have less time than this is not started


@dataclass(frozen=True)
class Part:
    """A measurement in processes of its own.

    Attributes:
        name: unique; of its log too.
        module: of `tms.gpu_check`; its `measure(settings)` returns what a process found.
        settings: JSON-able, for `measure`.
        cards: cards that it takes, of those that the check has.
        processes: one a card for parts that need several.
        limit: seconds.
    """

    name: str
    module: str
    settings: dict
    cards: int
    processes: int = 1
    limit: float = 120


@dataclass(frozen=True)
class Ended:
    """End of a part: what its processes found, by their rank; or why there is nothing."""

    found: list[dict] = field(default_factory=list)
    error: str = ""  # one line
    skipped: bool = False  # it was never started

    @property
    def first(self) -> dict:
        """Finding of the first process."""
        return self.found[0]


class _Running:
    """A started part."""

    def __init__(self, part: Part, cards: list[str], on_gpu: bool, folder: Path, limit: float):
        self.part, self.cards, self.folder = part, cards, folder
        self.log = folder / f"{part.name.replace('/', '_')}.log"
        self.results = folder / f"{part.name.replace('/', '_')}.json"
        for stale in folder.glob(f"{self.results.name}.*"):
            stale.unlink()
        self.limit, self.ends = limit, time.monotonic() + limit
        start = shlex.split(launcher(part.processes))[1:] if part.processes > 1 else []
        if start:
            start = ["-m", "accelerate.commands.launch", *start[1:]]
        words = [sys.executable, *start, str(PROGRAM), "--part", part.module]
        words += ["--settings", json.dumps(part.settings | {"started": time.time()})]
        words += ["--result", str(self.results)]
        visible = {
            "CUDA_VISIBLE_DEVICES": ",".join(cards) if on_gpu else "",
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        }
        offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | visible | offline,
                start_new_session=True,
            )

    def ended(self) -> Ended | None:
        """Its end; None while it runs."""
        status = self.process.poll()
        if status is None and time.monotonic() < self.ends:
            return None
        if status is None:
            stop(self.process.pid)
            self.process.wait()
            return Ended(error=f"no end within {self.limit:.0f} s")
        found = [json_file.read(path) for path in sorted(self.folder.glob(f"{self.results.name}.*"))]
        if status == 0 and found:
            return Ended(found)
        return Ended(error=last_words(self.log.read_text(errors="replace"), status))


def run(parts: list[Part], cards: list[str], on_gpu: bool, folder: Path, deadline: float) -> dict[str, Ended]:
    """Run parts in their order, several at once where cards are left.

    Args:
        parts: to run.
        cards: names of the cards, or as many words of any kind on a CPU.
        on_gpu: whether they are cards.
        folder: for logs and results.
        deadline: monotonic second at which everything has ended.

    Returns:
        How each part ended, by its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting, running, ended = list(parts), [], {}
    free = list(cards)
    try:
        while waiting or running:
            for part in list(waiting):
                left = deadline - time.monotonic()
                if part.cards > len(cards):
                    ended[part.name] = Ended(
                        error=f"it takes {part.cards} cards of {len(cards)}", skipped=True
                    )
                elif left < LEAST_SECONDS:
                    ended[part.name] = Ended(error="the time was used up", skipped=True)
                elif part.cards > len(free):
                    break  # a part for all cards is not passed by small ones
                else:
                    given, free = free[: part.cards], free[part.cards :]
                    running.append(_Running(part, given, on_gpu, folder, min(part.limit, left)))
                    print(f"gpu-check: {part.name}", file=sys.stderr, flush=True)
                waiting.remove(part)
            for one in list(running):
                if (how := one.ended()) is not None:
                    ended[one.part.name] = how
                    running.remove(one)
                    free += one.cards
            time.sleep(POLL_SECONDS)
    finally:
        for one in running:
            stop(one.process.pid)
    return ended


def stop(pid: int) -> None:
    """Kill a process and all that it has started: training processes have sessions of their own."""
    for one in [*descendants(pid), pid]:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue


def descendants(pid: int) -> list[int]:
    """Processes that a process has started, and those that these have."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found, new = [], [pid]
    while new:
        new = [child for one in new for child in children.get(one, [])]
        found += new
    return found


def last_words(log: str, status: int) -> str:
    """One line on why a process failed: the last error in its log, else its exit status or signal."""
    lines = [re.sub(r"^\[rank\d+\]:", "", line).strip() for line in log.splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith("error: "):
            return line.removeprefix("error: ")
    for line in reversed(lines):
        name = line.partition(":")[0]
        if (
            name.rpartition(".")[2].endswith(("Error", "Exception"))
            and " " not in name
            and not name.endswith("ChildFailedError")
        ):
            return line[:300]
    if status == -signal.SIGKILL:
        return "killed, which is what the system does where main memory is used up"
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"
