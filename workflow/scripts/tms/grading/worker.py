"""A process that works on rows, and its side in the process that asks it."""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from tms.answers.grade import CRASH, ERROR, LIMIT, TIMEOUT
from tms.grading.process import end_with_parent, limit_cpu, limit_memory
from tms.io.errors import InputError
from tms.io.modules import told


class Limits(NamedTuple):
    """Limits of one row.

    Args:
        cpu: CPU seconds; on data sets' own answers nothing comes near (docs/results/graders.md).
        wall: seconds without a word, for a process that is stopped or asleep. A row within its CPU seconds
            reaches it only where it gets a thirtieth of a core.
    """

    cpu: float = 5.0
    wall: float = 300.0


@dataclass(frozen=True)
class Failure:
    """Why a row has no result (`tms.answers.grade`)."""

    reason: str


class Worker:
    """A process that works on rows, the rows that it still owes, and for how long it has said nothing.

    Args:
        work: makes a row's result; it and the rows can be pickled.
        prepare: called once, before the process reports ready.
        limits: of each row.
    """

    def __init__(self, work: Callable[[Any], Any], prepare: Callable[[], None], limits: Limits):
        # Forking costs milliseconds where spawning imports everything anew; macOS cannot fork safely.
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.connection, theirs = context.Pipe()
        given = (theirs, work, prepare, limits.cpu, os.getpid())
        self.process = context.Process(target=_serve, args=given, daemon=True)
        self.process.start()
        theirs.close()
        self.wall, self.ready, self.pending, self.silent = limits.wall, False, deque(), 0.0

    def send(self, indices: deque[int], rows: Sequence) -> None:
        self.pending, self.silent = indices, 0.0
        with suppress(BrokenPipeError, ConnectionResetError):  # it has died; `receive` says so
            self.connection.send([rows[index] for index in indices])

    def receive(self) -> tuple[dict[int, Any], str]:
        """Take what the worker has sent: results by row, and how it has died, where it has."""
        done: dict[int, Any] = {}
        self.silent = 0.0
        try:
            while True:
                message = self.connection.recv()
                if isinstance(message, InputError):
                    raise message
                if message is None:
                    self.ready = True
                else:
                    done[self.pending.popleft()] = message
                if not self.connection.poll():
                    return done, ""
        except (EOFError, OSError):
            self.process.join()
            return done, LIMIT if self.process.exitcode == -signal.SIGPROF else CRASH

    def waited(self, seconds: float) -> str:
        """Count seconds without a word; `TIMEOUT` where the worker owes one and they are too many."""
        self.silent += seconds
        owes = bool(self.pending) or not self.ready
        return TIMEOUT if owes and self.silent > self.wall else ""

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def _serve(
    connection: Connection,
    work: Callable[[Any], Any],
    prepare: Callable[[], None],
    cpu_seconds: float,
    parent: int,
) -> None:
    """Work on what comes in until the parent is gone."""
    end_with_parent()
    prepare()
    connection.send(None)
    while os.getppid() == parent:
        if not connection.poll(1.0):
            continue
        for row in connection.recv():
            limit_memory()
            limit_cpu(cpu_seconds)
            try:
                result = work(row)
            except InputError as error:  # caused by the user's input: it stops the stage
                result = error
            except MemoryError:
                result = Failure(LIMIT)
            except Exception as error:  # a bug in the work must not take the other rows with it
                print(f"{told(error)} (on {str(row)[:120]})", file=sys.stderr)
                result = Failure(ERROR)
            limit_cpu(0)
            connection.send(result)
