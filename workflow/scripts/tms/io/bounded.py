"""A bound of CPU time and memory on work with text that a user did not write."""

import faulthandler
import math
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
LAST = 60.0  # seconds of the whole process: it then ends, wherever it is
TOGETHER = 64  # pieces of work whose bounds are set once: to set them takes half a millisecond

Item = TypeVar("Item")
Result = TypeVar("Result")
_here = threading.local()


class _Ended(BaseException):
    """Raised in the work; no `except Exception` there takes it."""


@contextmanager
def bounded(cpu: float = CPU, memory: int = MEMORY, last: float = LAST) -> Iterator[None]:
    """Around Python code: it ends with an exception where it takes too much.

    Seconds are those of the calling thread, so other threads, a busy machine and a stopped process change
    nothing. They are counted in the main thread alone, which alone gets signals. A step of C code that looks
    at no signal (two lists of lists compared, a quotient of two huge numbers) can take days: after `last`
    seconds of the process the kernel ends it, and it says where it was. That and the bound of memory are
    Linux's. Within another one it changes nothing.

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
    before = _limit(memory, last) if sys.platform == "linux" else {}
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
        if before:
            import resource

            for kind, limits in before.items():
                resource.setrlimit(kind, limits)
            faulthandler.unregister(signal.SIGXCPU)


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


def _limit(memory: int, last: float) -> dict[int, tuple[int, int]]:
    """Lower the process's limits to what it has, and so many bytes and seconds more; returns those that it
    changed, as they were."""
    import resource

    faulthandler.register(signal.SIGXCPU, sys.__stderr__, all_threads=False, chain=True)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    wanted = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + memory,
        resource.RLIMIT_CPU: math.ceil(time.process_time() + last),
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    lowered = {kind: limits for kind, limits in before.items() if not 0 <= limits[0] <= wanted[kind]}
    for kind, (_, hard) in lowered.items():
        resource.setrlimit(kind, (wanted[kind], hard))
    return lowered
