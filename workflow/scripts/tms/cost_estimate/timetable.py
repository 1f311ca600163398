"""Schedule of a workflow's jobs on a number of GPUs and cores."""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """A job to be scheduled: what it needs, how long it takes, which jobs it waits for."""

    seconds: float
    gpus: int = 0
    threads: int = 1
    priority: int = 0
    after: frozenset[int] = frozenset()  # indices of other jobs


def starts(loads: list[Load], gpus: int, cores: int) -> list[float] | None:
    """Start time (seconds) of each job where a free card or core always takes the next ready job.

    Jobs with GPUs occupy cards, the others cores. Of the ready jobs the one with the highest priority goes
    first, then the one with the longest chain of jobs behind it; a job that does not fit lets others pass.

    Returns:
        None where a job needs more cards than there are. A job's threads are capped by the cores.
    """
    if any(load.gpus > gpus for load in loads):
        return None
    followers: list[list[int]] = [[] for _ in loads]
    waiting = [len(load.after) for load in loads]
    for index, load in enumerate(loads):
        for earlier in load.after:
            followers[earlier].append(index)
    tail = _tails(loads, followers, waiting)
    free = {"gpu": gpus, "core": cores}
    ready: dict[tuple[str, int], list[tuple[int, float, int]]] = {}

    def need(index: int) -> tuple[str, int]:
        load = loads[index]
        return ("gpu", load.gpus) if load.gpus else ("core", min(load.threads, cores))

    def admit(index: int) -> None:
        heapq.heappush(ready.setdefault(need(index), []), (-loads[index].priority, -tail[index], index))

    begun = [0.0] * len(loads)
    running: list[tuple[float, int]] = []
    now = 0.0
    for index, count in enumerate(waiting):
        if not count:
            admit(index)
    while ready or running:
        while fitting := [kind for kind in ready if kind[1] <= free[kind[0]]]:
            kind = min(fitting, key=lambda kind: ready[kind][0])
            _, _, index = heapq.heappop(ready[kind])
            if not ready[kind]:
                del ready[kind]
            free[kind[0]] -= kind[1]
            begun[index] = now
            heapq.heappush(running, (now + loads[index].seconds, index))
        now, index = heapq.heappop(running)
        resource, amount = need(index)
        free[resource] += amount
        for follower in followers[index]:
            waiting[follower] -= 1
            if not waiting[follower]:
                admit(follower)
    return begun


def length(loads: list[Load], begun: list[float]) -> float:
    """Seconds from the first start to the last end."""
    return max((start + load.seconds for start, load in zip(begun, loads, strict=True)), default=0.0)


def _tails(loads: list[Load], followers: list[list[int]], waiting: list[int]) -> list[float]:
    """Seconds of the longest chain that begins with each job."""
    order = [index for index, count in enumerate(waiting) if not count]
    left = list(waiting)
    for index in order:  # grows while it is read
        for follower in followers[index]:
            left[follower] -= 1
            if not left[follower]:
                order.append(follower)
    tail = [load.seconds for load in loads]
    for index in reversed(order):
        tail[index] += max((tail[follower] for follower in followers[index]), default=0.0)
    return tail
