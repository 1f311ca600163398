"""Grade right answers with ever more processes, beside busy ones, and with workers stopped for a while.

160 answers of MATH's test split are written with an integral, which math-verify has to compute; all of them
are right. Six spellings of `1/2` are put into classes likewise: it is one. Each line of the table
(docs/results/graders.md) is measured in a new process, which has loaded nothing yet.

Usage, from the repository's root: python benchmarks/grading_load.py --data-root DIR
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tms.data import hub
from tms.experiments.answer_classes import canonical_all
from tms.graders import math as grader
from tms.grading.pool import Task, grade_all
from tms.tasks import math

ROWS = 160
HALVES = {
    r"2^{-1}",
    r"\frac{\sqrt{4}}{4}",
    r"\sin(\frac{\pi}{6})",
    r"\frac{x}{2x}",
    r"\sqrt{\frac{1}{4}}",
    "1/2",
}
SETTINGS = [(1, 0, 0), (2, 0, 0), (8, 0, 0), (24, 0, 0), (24, 4, 0), (2, 0, 5)]
NOTHING = r" + \int_0^1 y^2 dy - \frac{1}{3}"  # takes a tenth of a second
BUSY = [sys.executable, "-c", "while True: pass"]


def tasks(root: Path) -> list[Task]:
    """The first right answers that are a multiple of a root or of pi."""
    found = []
    for source in math.SOURCES.values():
        for item in hub.load(source, "test", root):
            gold = math.row("", item)["answer"]
            if not re.fullmatch(r"[\d\s+-]*\\(sqrt\{\d+\}|pi)", gold):
                continue
            task = Task("math", rf"\boxed{{{gold}{NOTHING}}}", gold)
            if grader.grade(task.completion, gold).score == 1:
                found.append(task)
            if len(found) == ROWS:
                return found
    raise SystemExit(f"error: {root}: only {len(found)} answers")


@contextmanager
def busy(number: int):
    """So many processes that do nothing, as fast as they can."""
    with ExitStack() as stack:
        for _ in range(number):
            process = subprocess.Popen(BUSY)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


@contextmanager
def stopped(seconds: float):
    """Stop this process's children for so many seconds, once some of them have started to grade."""

    def stop():
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
        while not (pids := [int(pid) for pid in children.read_text().split()]):
            time.sleep(0.01)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stop)
    if seconds:
        thread.start()
    yield
    if seconds:
        thread.join()


def measured(right: list[Task], processes: int, beside: int, seconds: int) -> str:
    """A line of the table."""
    before = time.monotonic()
    with busy(beside):
        with stopped(seconds):
            grades = grade_all(right, processes)
        classes = len(set(canonical_all("math", HALVES, processes).values()))
    good, failed = sum(grade.score == 1 for grade in grades), sum(bool(grade.failure) for grade in grades)
    took = time.monotonic() - before
    return f"| {processes} | {beside} | {seconds} s | {good} | {failed} | {classes} | {took:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True, help="local copies of the benchmark files")
    args = parser.parse_args()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        right = fresh.submit(tasks, args.data_root).result()
        print("| processes | busy beside | stopped for | right | without a result | classes | s |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for setting in SETTINGS:
            print(fresh.submit(measured, right, *setting).result(), flush=True)


if __name__ == "__main__":
    main()
