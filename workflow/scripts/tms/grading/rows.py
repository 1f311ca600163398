"""Work on rows in a pool of processes, where no result depends on how busy the machine is."""

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any

from tms.answers.grade import ERROR, LIMIT
from tms.grading.losses import Losses
from tms.grading.worker import Failure, Limits, Worker
from tms.io.errors import InputError

CHUNK = 32  # rows sent to a worker at once
CHUNK_BYTES = 1 << 16  # of them, which a pipe takes at once: to send more waits for a worker that is stopped
TICK = 0.2  # seconds between two looks at workers that say nothing
STARTS = 3  # that fail one after the other
LONGEST_TICK = 1.0  # counted of them; a longer one means that this process itself was stopped


class RowPool:
    """Worker processes that make a result of each row, kept from one call to the next.

    A row may use so many CPU seconds; time in which its process waits for a core, or is stopped, is none of
    them. A worker that uses them up, says nothing for too long, or dies is replaced, and its row is tried
    once more in a new process, while no other one of this pool exists. All other rows are worked on as if
    nothing had happened.

    On Linux workers are forked from the calling process, and find loaded what it has loaded: one that has
    threads takes a `tms.grading.server.GradingServer` instead.

    Args:
        work: makes a row's result; it and the rows can be pickled.
        processes: number of workers at most.
        name: of the work, for messages.
        prepare: loads what the work needs: called here, and in each worker before it is ready (where it has
            nothing left to do after a fork).
        lost_rows: stop or warn, where the machine has lost more rows of a call than one and 0.5 %.
        limits: of each row.

    Raises:
        InputError: what `prepare` raises.
    """

    def __init__(
        self,
        work: Callable[[Any], Any],
        processes: int,
        name: str,
        prepare: Callable[[], None],
        lost_rows: str = "stop",
        limits: Limits | None = None,
    ):
        self.work, self.processes, self.name, self.prepare = work, processes, name, prepare
        self.lost_rows, self.limits = lost_rows, limits or Limits()
        self.workers: list[Worker] = []
        self.failed_starts = 0
        prepare()

    def run(self, rows: Sequence) -> Iterator[tuple[int, Any]]:
        """Yield the index of each row with its result or `Failure`, in any order; close it to stop early.

        A line on the terminal counts the failures.

        Raises:
            InputError: too many lost rows, workers that cannot start, or one that the work raises.
        """
        queue = chunks(rows, max(1, min(CHUNK, -(-len(rows) // self.processes))))
        again: deque[int] = deque()  # rows to try once more
        before: dict[int, str] = {}  # why the last try of these rows had no result
        losses = Losses(self.name, len(rows), self.lost_rows)
        ended = False
        try:
            for worker in list(self.workers):
                if not worker.process.is_alive():
                    self._end(worker)
            while queue or again or self._busy():
                alone = bool(again) and not self._busy()
                if alone:
                    results = [self._alone(again.popleft(), rows)]
                else:
                    if not again:
                        self._hand_out(queue, rows)
                    results = self._collect(queue)
                for index, result in results:
                    if isinstance(result, Failure):
                        # A limit counts where it is reached twice: once may be the machine's doing.
                        first = index not in before or (before[index] != LIMIT and result.reason == LIMIT)
                        before[index] = result.reason
                        if first and result.reason != ERROR:
                            again.append(index)
                            continue
                        losses.count(result.reason)
                    yield index, result
            ended = True
            losses.tell()
        finally:
            if not ended:  # what workers still send belongs to no later call
                self.close()

    def close(self) -> None:
        """End all workers, whatever they do."""
        for worker in list(self.workers):
            self._end(worker)

    def _busy(self) -> bool:
        return any(worker.pending for worker in self.workers)

    def _alone(self, index: int, rows: Sequence) -> tuple[int, Any]:
        """A row with its result in a new process, while there is no other one."""
        self.close()
        queue = deque([deque([index])])
        while True:
            self._hand_out(queue, rows)
            if results := self._collect(queue):
                return results[0]

    def _hand_out(self, queue: deque[deque[int]], rows: Sequence) -> None:
        """Give idle workers a chunk each, and start as many as there are chunks for."""
        for worker in self.workers:
            if queue and worker.ready and not worker.pending:
                worker.send(queue.popleft(), rows)
        coming = sum(not worker.ready for worker in self.workers)
        for _ in range(min(self.processes - len(self.workers), len(queue) - coming)):
            self.workers.append(Worker(self.work, self.prepare, self.limits))

    def _collect(self, queue: deque[deque[int]]) -> list[tuple[int, Any]]:
        """Wait for results. Of a worker that is stuck or dead one row fails, and the queue gets the rest."""
        results: list[tuple[int, Any]] = []
        before = time.monotonic()
        heard = wait([worker.connection for worker in self.workers], timeout=TICK)
        seconds = min(time.monotonic() - before, LONGEST_TICK)
        for worker in list(self.workers):
            told, starting = worker.connection in heard, not worker.ready
            done, failure = worker.receive() if told else ({}, worker.waited(seconds))
            if starting and worker.ready:
                self.failed_starts = 0
            results += done.items()
            if failure:
                self._end(worker)
                if not worker.ready:
                    self._start_failed()
                if worker.pending:
                    results.append((worker.pending.popleft(), Failure(failure)))
                if worker.pending:
                    queue.appendleft(worker.pending)
        return results

    def _start_failed(self) -> None:
        """Count workers in a row that end before they are ready; too many of them cannot be chance."""
        self.failed_starts += 1
        if self.failed_starts >= STARTS:
            raise InputError(f"{self.name}: a worker process cannot start; give the job more memory")

    def _end(self, worker: Worker) -> None:
        worker.stop()
        self.workers.remove(worker)

    def __enter__(self) -> "RowPool":
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def chunks(rows: Sequence, most: int) -> deque[deque[int]]:
    """Indices of rows in chunks, each of at most so many rows and (of more than one) `CHUNK_BYTES`."""
    queue: deque[deque[int]] = deque()
    room = 0
    for index, row in enumerate(rows):
        length = len(pickle.dumps(row))
        if not queue or len(queue[-1]) == most or length > room:
            queue.append(deque())
            room = CHUNK_BYTES
        queue[-1].append(index)
        room -= length
    return queue
