"""A process that grades: what it is sent and sends back, its limits, and how it ends."""

import ctypes
import importlib
import importlib.util
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tms.answers.grade import Grade
from tms.io.errors import InputError

WORKER_MEMORY = 2 << 30  # bytes of address space that a worker may add to what it started with
STARTUP_SECONDS = 120.0  # a worker imports its graders before it grades
PR_SET_PDEATHSIG = 1  # of linux/prctl.h: the signal to get when the parent ends


class Task(NamedTuple):
    """One completion to grade: the grader's kind, the completion, and the gold answer."""

    kind: str
    completion: str
    answer: str


def load_grader(kind: str) -> ModuleType:
    """Import the grader `tms/graders/{kind}.py` (`METRIC`, `grade(completion, answer) -> Grade`).

    Raises:
        InputError: there is no grader of that kind.
    """
    if not kind.isidentifier() or importlib.util.find_spec(f"tms.graders.{kind}") is None:
        raise InputError(f"grader {kind!r}: no such kind; add workflow/scripts/tms/graders/{kind}.py")
    return importlib.import_module(f"tms.graders.{kind}")


def lost(task: Task, failure: str) -> Grade:
    """Grade of an empty completion: the row keeps its place in every metric it counts for."""
    try:
        empty = load_grader(task.kind).grade("", task.answer)
        return Grade(empty.score, "", empty.also, failure)
    except Exception:
        return Grade(0.0, "", failure=failure)


class Worker:
    """A grading process, the rows that it still owes, and when it was last heard of."""

    def __init__(self, kinds: list[str], timeout: float):
        # Forking costs milliseconds where spawning imports everything anew; macOS cannot fork safely.
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, kinds, os.getpid()), daemon=True)
        self.process.start()
        theirs.close()
        self.timeout, self.ready, self.pending = timeout, False, deque()
        self.heard = time.monotonic()

    def send(self, indices: deque[int], tasks: list[Task]) -> None:
        self.pending = indices
        self.heard = time.monotonic()
        with suppress(BrokenPipeError):  # it has died; `receive` says so
            self.connection.send([tasks[index] for index in indices])

    def receive(self) -> tuple[dict[int, Grade], str]:
        """Take what the worker has sent: grades by row, and "crash" where it has died."""
        done: dict[int, Grade] = {}
        try:
            while True:
                message = self.connection.recv()
                self.heard = time.monotonic()
                if isinstance(message, InputError):
                    raise message
                if message is None:
                    self.ready = True
                else:
                    done[self.pending.popleft()] = message
                if not self.connection.poll():
                    return done, ""
        except (EOFError, ConnectionResetError):
            return done, "crash"

    def overdue(self) -> bool:
        limit = self.timeout if self.ready else STARTUP_SECONDS
        busy = self.pending or not self.ready
        return bool(busy) and time.monotonic() - self.heard > limit

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def _serve(connection: Connection, kinds: list[str], parent: int) -> None:
    """Grade what comes in until the parent is gone."""
    end_with_parent()
    _limit_memory()
    graders = {kind: load_grader(kind) for kind in kinds}
    connection.send(None)
    while os.getppid() == parent:
        if not connection.poll(1.0):
            continue
        for task in connection.recv():
            try:
                grade = graders[task.kind].grade(task.completion, task.answer)
                score = None if grade.score is None else float(grade.score)
                grade = replace(grade, score=score)
            except InputError as error:  # what a user can mend stops the stage
                grade = error
            except Exception as error:  # a grader's bug must not take the batch with it
                print(f"grader {task.kind}: {error!r} on {task.completion[:80]!r}", file=sys.stderr)
                grade = lost(task, "error")
            connection.send(grade)


def end_with_parent() -> None:
    """Leave this process's end to its parent: a signal to all does nothing to it, the parent's death ends it.

    A training that gets SIGTERM or SIGINT still needs its grades before it saves its state. On Linux the end
    comes also amid a row, when the thread that started this process ends; elsewhere the caller has to look.
    """
    for ending in (signal.SIGINT, signal.SIGTERM):  # and no handler that a fork has inherited
        signal.signal(ending, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_memory() -> None:
    """Let a completion that makes its grader build something huge fail with a MemoryError."""
    if sys.platform == "linux":
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = used + WORKER_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
