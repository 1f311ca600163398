"""A process that grades completions, and its side in the process that asks it."""

import multiprocessing
import os
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from types import ModuleType
from typing import NamedTuple

from tms.answers.grade import Grade
from tms.grading.process import end_with_parent, limit_memory
from tms.io.errors import InputError
from tms.io.modules import load_module

STARTUP_SECONDS = 120.0  # a worker imports its graders before it grades


class Task(NamedTuple):
    """One completion to grade: the grader's name, the completion, and the gold answer."""

    grader: str
    completion: str
    answer: str


def load_grader(name: str) -> ModuleType:
    """Import the grader `tms/graders/{name}.py` (`METRIC`, `grade(completion, answer) -> Grade`).

    Raises:
        InputError: there is no such grader.
    """
    return load_module("graders", name)


def lost(task: Task, failure: str) -> Grade:
    """Grade of an empty completion: the row keeps its place in every metric it counts for."""
    try:
        empty = load_grader(task.grader).grade("", task.answer)
        return Grade(empty.score, "", empty.also, failure)
    except Exception:
        return Grade(0.0, "", failure=failure)


class Worker:
    """A grading process, the rows that it still owes, and when it was last heard of."""

    def __init__(self, graders: list[str], timeout: float):
        # Forking costs milliseconds where spawning imports everything anew; macOS cannot fork safely.
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, graders, os.getpid()), daemon=True)
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


def _serve(connection: Connection, graders: list[str], parent: int) -> None:
    """Grade what comes in until the parent is gone."""
    end_with_parent()
    limit_memory()
    loaded = {name: load_grader(name) for name in graders}
    connection.send(None)
    while os.getppid() == parent:
        if not connection.poll(1.0):
            continue
        for task in connection.recv():
            try:
                grade = loaded[task.grader].grade(task.completion, task.answer)
                score = None if grade.score is None else float(grade.score)
                grade = replace(grade, score=score)
            except InputError as error:  # caused by the user's input: it stops the stage
                grade = error
            except Exception as error:  # a grader's bug must not take the batch with it
                print(f"grader {task.grader}: {error!r} on {task.completion[:80]!r}", file=sys.stderr)
                grade = lost(task, "error")
            connection.send(grade)
