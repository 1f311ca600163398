"""A bound of CPU time and memory on work with text that a user did not write."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

CPU = 10.0  # seconds of the calling thread
MEMORY = 1 << 30  # bytes of address space that the work may add
TOGETHER = 64  # pieces of work whose bounds are set once: to set them takes half a millisecond

Item = TypeVar("Item")
Result = TypeVar("Result")
_here = threading.local()


class _Ended(BaseException):
    """Raised in the work; no `except Exception` there takes it."""


@contextmanager
def bounded(cpu: float = CPU, memory: int = MEMORY) -> Iterator[None]:
    """Around Python code: it ends with an exception where it takes too much.

    Seconds are those of the calling thread, so other threads, a busy machine and a stopped process change
    nothing. They are counted in the main thread alone, which alone gets signals; C code that never looks at
    signals ends late. Memory is bounded on Linux. Within another one it changes nothing.

    Raises:
        TimeoutError: more CPU seconds.
        MemoryError: more memory.
    """
    if getattr(_here, "within", False):
        yield
        return
    ends = time.thread_time() + cpu
    in_main = threading.current_thread() is threading.main_thread()

    def look(*_) -> None:
        if time.thread_time() > ends:
            raise _Ended

    handler = signal.signal(signal.SIGPROF, look) if in_main else None
    limits = _limit_memory(memory)
    _here.within = True
    try:
        if in_main:
            signal.setitimer(signal.ITIMER_PROF, cpu, 0.5)
        yield
    except _Ended:
        raise TimeoutError(f"over {cpu:g} seconds of CPU time") from None
    except MemoryError:
        raise MemoryError(f"over {memory >> 20} MiB of memory") from None
    finally:
        _here.within = False
        if in_main:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, handler)
        if limits:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, limits)


def each_bounded(work: Callable[[Item], Result], items: list[Item]) -> list[Result]:
    """Apply work that is `bounded` to each item, and set the bounds once for `TOGETHER` items.

    Where these fail together, each of them has the bounds for itself; so an item that keeps them never fails.

    Raises:
        Exception: what `work` raises on the first item on which it fails.
    """
    results: list[Result] = []
    for start in range(0, len(items), TOGETHER):
        part = items[start : start + TOGETHER]
        if len(part) > 1:
            try:
                with bounded():
                    results += [work(item) for item in part]
                continue
            except Exception:
                pass  # it comes again below
        results += [work(item) for item in part]
    return results


def _limit_memory(memory: int) -> tuple[int, int] | None:
    """Lower the process's limit to what it has and so many bytes more; returns the limits as they were."""
    if sys.platform != "linux":
        return None
    import resource

    limits = resource.getrlimit(resource.RLIMIT_AS)
    limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + memory
    if limits[0] >= 0 and limits[0] <= limit:
        return None
    resource.setrlimit(resource.RLIMIT_AS, (limit, limits[1]))
    return limits
