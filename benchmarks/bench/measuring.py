"""The two sides of a row, each in a process of its own, measured in turns."""

import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
PEAK = Path("/proc/self/clear_refs")  # "5" written here lowers a process's peak to what it holds now (Linux)


class Missing(Exception):
    """An input of a row is not there; the words say how to give it."""


@dataclass(frozen=True)
class Inputs:
    """Places of what a row needs and the repository does not hold, and the row's size."""

    smollm2: Path  # SmolLM2-135M-Instruct, a model folder
    data_root: Path | None  # local benchmark copies
    size: int | None  # one of the row's SIZES
    threads: int


@dataclass(frozen=True)
class Turn:
    """One turn of a side; seconds are a unit's where the row counts units."""

    cpu: float  # of the process and the children that it waited for
    wall: float
    megabytes: float  # the process's peak during the turn, or the largest child's ever


def measure(row: str, inputs: Inputs, times: int) -> dict:
    """Measure a row: a turn of each side to warm up, whose results are compared, then turns A B A B.

    Returns:
        `product` and `peer` (where the row has one), each a list of turns.

    Raises:
        Missing: an input is not there.
    """
    module = import_module(f"rows.{row}")
    sides = {name: _Side(row, name, inputs) for name in ("product", "peer") if hasattr(module, name)}
    try:
        for side in sides.values():
            side.ready()
        results = [side.turn(result=True)[1] for side in sides.values()]
        if len(results) > 1:
            module.check(*results)
        units = dict(zip(sides, map(getattr(module, "units", lambda result: 1), results), strict=True))
        turns: dict[str, list[dict]] = {name: [] for name in sides}
        for number in range(times):
            for name, side in sides.items():
                turn = side.turn()[0]
                turn = Turn(turn.cpu / units[name], turn.wall / units[name], turn.megabytes)
                turns[name].append(asdict(turn))
                print(f"{row} {inputs.size or ''} {number + 1} {name}: {turn}", file=sys.stderr, flush=True)
        return turns
    finally:
        for side in sides.values():
            side.end()


class _Side:
    """A side's process, seen from outside."""

    def __init__(self, row: str, name: str, inputs: Inputs):
        before = {name: os.environ.get(name) for name in THREADS}
        os.environ |= dict.fromkeys(THREADS, str(inputs.threads))
        self.connection, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(
            target=_side, args=(theirs, row, name, inputs), daemon=False
        )
        self.process.start()
        theirs.close()
        for variable, value in before.items():
            os.environ.pop(variable) if value is None else os.environ.update({variable: value})

    def ready(self) -> None:
        """Wait until the side has prepared its work."""
        self._answer()

    def turn(self, result: bool = False) -> tuple[Turn, object]:
        """Let the side do its work once."""
        self.connection.send(result)
        return self._answer()

    def end(self) -> None:
        """Let the process end, and with it what it keeps in temporary folders."""
        self.connection.close()
        self.process.join(20)
        self.process.kill()

    def _answer(self):
        try:
            answer = self.connection.recv()
        except EOFError:
            raise SystemExit("error: a side of the row has died; its words are above") from None
        if isinstance(answer, Missing):
            raise answer
        return answer


def _side(connection, row: str, name: str, inputs: Inputs) -> None:
    """Body of a side's process."""
    if name == "product":
        from tms.io.cli import same_kernels

        same_kernels()  # as the product's programs do
    try:
        work: Callable[[], object] = getattr(import_module(f"rows.{row}"), name)(inputs)
        connection.send(None)
        while True:
            wanted = connection.recv()
            turn, result = _timed(work)
            connection.send((turn, result if wanted else None))
    except Missing as missing:
        connection.send(missing)
    except (EOFError, KeyboardInterrupt):
        pass
    except Exception:
        traceback.print_exc()


def _timed(work: Callable[[], object]) -> tuple[Turn, object]:
    if PEAK.exists():
        PEAK.write_text("5")
    wall, cpu = time.perf_counter(), _cpu_seconds()
    result = work()
    cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
    return Turn(round(cpu, 4), round(wall, 4), round(_peak(), 1)), result


def _cpu_seconds() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _peak() -> float:
    """Megabytes (10^6 bytes)."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    status = Path("/proc/self/status")
    if not status.exists():
        return max(children, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
    peaks = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return max(children, int(peaks[0]) * 1024 / 1e6)
