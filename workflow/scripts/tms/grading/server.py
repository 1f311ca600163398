"""A grading pool in a process of its own, for a training process, whose threads and CUDA forbid a fork.

The server starts from nothing, imports the graders once, and forks its workers in milliseconds.
(multiprocessing's spawn and forkserver would import the training program anew in each worker.)
"""

import multiprocessing
import os
import subprocess
import sys
from multiprocessing.connection import Connection

from tms.answers.grade import Grade
from tms.grading.pool import Task, grade_in, grading_pool
from tms.grading.process import end_with_parent
from tms.grading.worker import Limits
from tms.io.errors import InputError
from tms.io.modules import SCRIPTS


class GradingServer:
    """A `grading_pool` behind a pipe; one that dies is started again.

    Enter it in the main thread: on Linux the server ends with the thread that has started it. When the
    training process is killed, the server and its workers end with it.

    Args:
        graders: names of the graders that the rows may ask for.
        processes: number of workers.
        lost_rows, limits: as `RowPool` takes them.
    """

    def __init__(
        self, graders: list[str], processes: int, lost_rows: str = "stop", limits: Limits | None = None
    ):
        self.graders = graders
        cpu, wall = limits or Limits()
        self.arguments = [str(processes), lost_rows, str(cpu), str(wall), *graders]

    def __enter__(self) -> "GradingServer":
        """Start the server.

        Raises:
            InputError: an unknown grader, or a server that cannot start.
        """
        self._start()
        return self

    def __exit__(self, *exception) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()

    def grade(self, tasks: list[Task]) -> list[Grade]:
        """Grade completions as `grade_in` does.

        Raises:
            InputError: too many lost rows, workers that cannot start, a grader that lacks what it needs, or a
                server that dies twice.
        """
        try:
            return self._ask(tasks)
        except ConnectionError:  # memory was short, or it has ended with an InputError
            self.__exit__()
            self._start()
        try:
            return self._ask(tasks)
        except ConnectionError:
            raise self._dead("died twice; give the job more memory") from None

    def _start(self) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        path = [str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, str(theirs.fileno()), str(os.getpid()), *self.arguments],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a terminal's Ctrl-C is for the training alone
        )
        theirs.close()
        try:
            self._receive()
        except ConnectionError:
            raise self._dead("cannot start") from None

    def _dead(self, how: str) -> InputError:
        return InputError(
            f"graders {', '.join(self.graders)}: the grading process {how} (see its output above)"
        )

    def _ask(self, tasks: list[Task]) -> list[Grade]:
        self.connection.send(tasks)
        return self._receive()

    def _receive(self) -> list[Grade]:
        try:
            message = self.connection.recv()
        except EOFError as error:
            raise ConnectionError from error
        if isinstance(message, InputError):
            raise message
        return message


def main(
    descriptor: str, parent: str, processes: str, lost_rows: str, cpu: str, wall: str, *graders: str
) -> None:
    """Grade the lists of tasks that come through a pipe, until the parent is gone or an error sent back."""
    end_with_parent()
    with Connection(int(descriptor)) as connection:
        try:
            limits = Limits(float(cpu), float(wall))
            with grading_pool(list(graders), int(processes), lost_rows, limits) as pool:
                connection.send([])
                while os.getppid() == int(parent):
                    if connection.poll(1.0):
                        connection.send(grade_in(pool, connection.recv()))
        except InputError as error:
            connection.send(error)
        except (EOFError, ConnectionError):
            pass  # the training has closed the pipe


if __name__ == "__main__":
    main(*sys.argv[1:])
