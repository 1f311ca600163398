"""Grade completions in a pool of processes, where a stuck or crashed grader costs one row and no more."""

from collections import deque
from multiprocessing.connection import wait

from tms.grading.worker import Grade, Task, Worker, load_grader, lost
from tms.io.errors import InputError
from tms.io.progress import Progress

CHUNK = 32  # rows sent to a worker at once


class GradingPool:
    """Worker processes that grade with a limit of wall-clock seconds a row, kept from one call to the next.

    A worker that is stuck or dies is replaced; its row has failure "timeout" or "crash", one whose grader
    raises has "error". Such a row gets the grade of an empty completion. All other rows are graded as if
    nothing had happened. On Linux workers are forked from the calling process: one that has threads takes a
    `tms.grading.server.GradingServer` instead.

    Args:
        graders: names of the graders that the rows may ask for.
        processes: number of workers at most.
        timeout: seconds that one row may take.

    Raises:
        InputError: an unknown grader.
    """

    def __init__(self, graders: list[str], processes: int, timeout: float = 30.0):
        self.graders, self.processes, self.timeout = graders, processes, timeout
        self.workers: list[Worker] = []
        for name in graders:
            load_grader(name)  # a forked worker finds them imported

    def grade(self, tasks: list[Task], progress: Progress | None = None) -> list[Grade]:
        """Grade completions; `progress` counts them.

        Returns:
            One grade for each task, in the order of `tasks`.

        Raises:
            InputError: workers that cannot start, or a grader that lacks what it needs.
        """
        grades: list[Grade | None] = [None] * len(tasks)
        size = max(1, min(CHUNK, -(-len(tasks) // self.processes)))
        queue = deque(
            deque(range(start, min(start + size, len(tasks)))) for start in range(0, len(tasks), size)
        )
        try:
            for worker in list(self.workers):
                if not worker.process.is_alive():
                    self._end(worker)
            while queue or any(worker.pending for worker in self.workers):
                self._hand_out(queue, tasks)
                heard = wait([worker.connection for worker in self.workers], timeout=0.2)
                for worker in list(self.workers):
                    for index, grade in self._take(worker, worker.connection in heard, queue, tasks).items():
                        grades[index] = grade
                        if progress is not None:
                            progress.advance()
        except BaseException:  # what workers still send belongs to no later call
            self.close()
            raise
        return grades

    def close(self) -> None:
        """End all workers, whatever they do."""
        for worker in list(self.workers):
            self._end(worker)

    def _hand_out(self, queue: deque[deque[int]], tasks: list[Task]) -> None:
        """Give idle workers a chunk each, and start as many as there are chunks for."""
        for worker in self.workers:
            if queue and worker.ready and not worker.pending:
                worker.send(queue.popleft(), tasks)
        coming = sum(not worker.ready for worker in self.workers)
        for _ in range(min(self.processes - len(self.workers), len(queue) - coming)):
            self.workers.append(Worker(self.graders, self.timeout))

    def _take(
        self, worker: Worker, told: bool, queue: deque[deque[int]], tasks: list[Task]
    ) -> dict[int, Grade]:
        """Grades that a worker has sent, by row; of one that is stuck or dead the queue gets the rest."""
        done, failure = worker.receive() if told else ({}, "timeout" if worker.overdue() else "")
        if failure:
            self._end(worker)
            if not worker.ready:
                raise InputError(f"graders {', '.join(self.graders)}: a grading process cannot start")
            if worker.pending:
                index = worker.pending.popleft()
                done[index] = lost(tasks[index], failure)
            if worker.pending:
                queue.appendleft(worker.pending)
        return done

    def _end(self, worker: Worker) -> None:
        worker.stop()
        self.workers.remove(worker)

    def __enter__(self) -> "GradingPool":
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def grade_all(tasks: list[Task], processes: int, timeout: float = 30.0) -> list[Grade]:
    """Grade completions in a `GradingPool` of their graders, with progress.

    Args:
        tasks: the completions.
        processes: number of workers.
        timeout: seconds that one row may take.

    Returns:
        One grade for each task, in the order of `tasks`.

    Raises:
        InputError: an unknown grader, workers that cannot start, or a grader that lacks what it needs.
    """
    graders = sorted({task.grader for task in tasks})
    with GradingPool(graders, processes, timeout) as pool, Progress(len(tasks), "grade", "rows") as progress:
        return pool.grade(tasks, progress)
