"""The file systems that will hold a plan's files: what each has to take, and what is free there."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.numbers import short
from tms.cost_estimate.summary import Disk, Machine, disk


@dataclass(frozen=True)
class FileSystem:
    """A file system: folders of the plan on it, the bytes that jobs add there, and those free now."""

    folders: tuple[str, ...]
    needed: Disk
    free: float


def file_systems(
    estimates: list[Estimate],
    machine: Machine,
    removing: bool,
    device: Callable[[Path], int] = lambda folder: folder.stat().st_dev,
) -> list[FileSystem]:
    """The needs of a plan by file system, the fullest first; folders may be links to other disks.

    Args:
        estimates: of the jobs to run.
        machine: cards and cores: how many states of training runs lie there at once.
        removing: whether checkpoints go after their last use.
        device: number of the file system of a folder that is there.
    """
    places = [_present(estimate.job.output) for estimate in estimates]
    devices = [device(place) for place in places]
    found = []
    for number in dict.fromkeys(devices):
        # All jobs, so that the schedule is that of the plan; those of other file systems add nothing.
        own = [
            estimate if number == other else replace(estimate, bytes=0.0, removable=0.0, state=0.0)
            for estimate, other in zip(estimates, devices, strict=True)
        ]
        heavy = {
            Path(estimate.job.output[0]).parts[0] for estimate in own if estimate.bytes + estimate.state > 0
        }
        place = places[devices.index(number)]
        if heavy:
            needed = disk(own, machine, removing)
            found.append(FileSystem(tuple(sorted(heavy)), needed, shutil.disk_usage(place).free))
    return sorted(found, key=lambda system: system.free - system.needed.peak)


def _present(output: list[str]) -> Path:
    """The nearest folder of a job's outputs that is there, through links."""
    for folder in Path(output[0]).parents if output else ():
        if folder.exists():
            return folder.resolve()
    return Path.cwd()


def disk_words(system: FileSystem) -> str:
    """The load of a file system, e.g. `disk (models, results): 2.7 TB at the peak, 3.1 TB free`."""
    needed, folders = system.needed, ", ".join(system.folders)
    return (
        f"disk ({folders}): {short(needed.kept) or 0}B to stay, {short(needed.peak) or 0}B at the peak, "
        f"{short(system.free) or 0}B free"
    )


def without_room(system: FileSystem, removing: bool) -> str:
    """The line for a file system that has too little, with what helps."""
    largest = system.folders[-1] if "results" not in system.folders else "results"
    less = "" if removing or not system.needed.removable else "set compute.keep_checkpoints: needed, or "
    return f"{disk_words(system)}; {less}make {largest} a link to a folder on a larger disk (docs/cost.md)"
