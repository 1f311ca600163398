"""The faults: each a function of a scene that disturbs its run and says whether it hit.

A fault that found its job over already is missed, not passed.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from helpers import slurm_node

from torture import checks, damage, processes, undisturbed
from torture.scene import Scene

SLURM = threading.Lock()  # one at a time
STOPPED_SECONDS = 15.0  # above the patience with a lock


def small_disk() -> str:
    """Why no small disk can be made here."""
    return "" if os.geteuid() == 0 and shutil.which("mount") else "a small disk (tmpfs) needs root"


def kill_worker(scene: Scene) -> bool:
    """`kill -9` of the job's program."""
    return _signal_worker(scene, signal.SIGKILL)


def term_worker(scene: Scene) -> bool:
    """SIGTERM to the job's program, as a scheduler sends it before a time limit."""
    return _signal_worker(scene, signal.SIGTERM)


def _signal_worker(scene: Scene, number: signal.Signals) -> bool:
    run = scene.start()
    worker = scene.moment(run)
    if worker:
        worker.send_signal(number)
    scene.wait(run)
    return worker is not None


def kill_engine(scene: Scene) -> bool:
    """`kill -9` of a process that the job's program has started: a grading process, an engine's core."""
    run = scene.start()
    worker = scene.moment(run, lambda worker: bool(processes.descendants(worker)))
    children = processes.descendants(worker) if worker else []
    if children:
        child = scene.rng.choice(children)
        scene.notes.append(f"killed one of {len(children)} processes of the program")
        child.send_signal(signal.SIGKILL)
    scene.wait(run)
    return bool(children)


def kill_snakemake(scene: Scene) -> bool:
    """`kill -9` of Snakemake alone: its job goes on, its lock stays."""
    return _signal_snakemake(scene, signal.SIGKILL)


def term_snakemake(scene: Scene) -> bool:
    """SIGTERM to Snakemake alone."""
    return _signal_snakemake(scene, signal.SIGTERM)


def _signal_snakemake(scene: Scene, number: signal.Signals) -> bool:
    run = scene.start()
    worker = scene.moment(run)
    if worker:
        run.send_signal(number)
    scene.wait(run)
    return worker is not None


def interrupt_twice(scene: Scene) -> bool:
    """Ctrl-C, twice: SIGINT to Snakemake and its jobs alike."""
    run = scene.start()
    worker = scene.moment(run)
    if worker:
        os.killpg(run.pid, signal.SIGINT)
        time.sleep(scene.rng.random())
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGINT)
    return scene.wait(run) != 0 and worker is not None


def stop_worker(scene: Scene) -> bool:
    """SIGSTOP of the program, or of a process that it started, for longer than the lock's patience."""
    run = scene.start()
    worker = scene.moment(run)
    if worker:
        stopped = scene.rng.choice([worker, *processes.descendants(worker)])
        scene.notes.append(f"stopped {'the program' if stopped == worker else 'one of its processes'}")
        stopped.suspend()
        time.sleep(STOPPED_SECONDS)
        if processes.alive(stopped):
            stopped.resume()
    scene.wait(run)
    return worker is not None


def out_of_memory(scene: Scene) -> bool:
    """No further memory for the program from a random moment on (RLIMIT_AS)."""
    run = scene.start()
    worker = scene.moment(run)
    hit = False
    if worker:
        try:
            allowed = worker.memory_info().vms + scene.rng.randrange(32 << 20)
            resource.prlimit(worker.pid, resource.RLIMIT_AS, (allowed, allowed))
            hit = True
        except (psutil.Error, ProcessLookupError):
            pass
    return scene.wait(run) != 0 and hit


def full_disk(scene: Scene) -> bool:
    """A small disk, full when a random part of the job's files is written; then there is room again.

    It is small from the start, or another program fills it at a random moment, after the job's look at
    the room.
    """
    shutil.rmtree(scene.folder)
    scene.folder.mkdir()
    _mount(scene, "size=4G")
    scene.copy()
    written = undisturbed.written_bytes(scene.source, scene.job, scene.jobs)
    room = scene.rng.randrange(max(1, written))
    if scene.rng.random() < 0.5:
        scene.notes.append(f"{room >> 10} KB free")
        _mount(scene, f"remount,size={_used(scene) + room}")
        hit = scene.wait(scene.start()) != 0
    else:
        scene.notes.append(f"{room >> 10} KB free from a moment on")
        run = scene.start()
        if scene.moment(run):
            _mount(scene, f"remount,size={_used(scene) + room}")
        hit = scene.wait(run) != 0
    _mount(scene, "remount,size=4G")
    return hit


def _used(scene: Scene) -> int:
    disk = os.statvfs(scene.folder)
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize


def _mount(scene: Scene, options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "torture", str(scene.folder)]
    subprocess.run(command, check=True, capture_output=True)


def flip_bit(scene: Scene) -> bool:
    """One bit flipped in a Parquet, safetensors, JSON or CSV file that the job reads."""
    return _damage(scene, damage.files_of(scene.inputs()), damage.flip_bit)


def cut_file(scene: Scene) -> bool:
    """The end of such a file cut off: all of it, a part, one byte."""
    return _damage(scene, damage.files_of(scene.inputs()), damage.cut)


def delete_file(scene: Scene) -> bool:
    """Such a file deleted."""
    return _damage(scene, damage.files_of(scene.inputs()), damage.delete)


def damage_leftover(scene: Scene) -> bool:
    """Damage of one of these kinds to rows or training states that a killed job has stored so far."""
    began = time.time_ns()
    kill_worker(scene)
    places = [scene.folder / "rows", *scene.folder.glob("results/**/unfinished")]
    files = damage.files_of(places, (*damage.KINDS_OF_FILES, *damage.STATES))
    how = scene.rng.choice([damage.flip_bit, damage.cut, damage.delete])
    return _damage(scene, [file for file in files if file.stat().st_mtime_ns >= began], how)


def _damage(scene: Scene, files: list[Path], how: Callable[[Path, random.Random], str]) -> bool:
    file = damage.draw_file(files, scene.rng)
    if file is None or not file.stat().st_size:
        return False
    scene.damaged = str(file.relative_to(scene.folder))
    scene.notes.append(f"{file.parent.relative_to(scene.folder)}: {how(file, scene.rng)}")
    return True


def read_only(scene: Scene) -> bool:
    """A folder in which the job writes is read-only; then it is not any more."""
    place = scene.folder / scene.job.output
    places = [place.parent, scene.folder / "logs" / scene.job.stage]
    folder = scene.rng.choice(
        [*places, scene.folder / "rows"] if scene.job.stage in undisturbed.GENERATES else places
    )
    while not folder.exists():
        folder = folder.parent
    scene.notes.append(f"{os.path.relpath(folder, scene.folder)} read-only")
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    # Root may write everywhere, but for one without these rights.
    rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else None
    hit = scene.wait(scene.start(before=rights)) != 0
    folder.chmod(mode)
    return hit


def two_in_one_folder(scene: Scene) -> bool:
    """The plain command twice in one folder, the second time at a random moment of the first, which waits."""
    first = scene.start()
    worker = scene.moment(first)
    if worker:
        worker.suspend()
        if not scene.wait(scene.start()):
            scene.failures.append("the second did not fail beside the first")
        worker.resume()
    if scene.wait(first):
        scene.failures.append("the first failed")
    return worker is not None


def two_sharing_rows(scene: Scene) -> bool:
    """The plain command in two folders at once that share the completion cache."""
    other = scene.other
    scene.copy(other)
    shutil.rmtree(other / "rows", ignore_errors=True)
    (scene.folder / "rows").mkdir(exist_ok=True)
    (other / "rows").symlink_to(scene.folder / "rows")
    runs = [scene.start(), scene.start(other)]
    if any([scene.wait(run) for run in runs]):
        scene.failures.append("one of the two failed")
    other_made = checks.differences(checks.contents(other), scene.undisturbed, scene.targets)
    scene.failures += [f"in the other folder: {line}" for line in other_made]
    return True


def kill_node(scene: Scene) -> bool:
    """The death of the SLURM node on which the job runs; it boots again when SLURM has missed it."""
    with SLURM, slurm_node.one_node(timeout=15) as node:
        slurm_node.fit_profile(scene.folder)
        run = scene.start(profile="slurm")
        worker = scene.moment(run)
        if worker:
            node.die()
            node.wait_until("down")
            node.boot()
        scene.wait(run)
    return worker is not None


def clock_step(scene: Scene) -> bool:
    """The clock set back or forward by up to two hours: all files' times move against it."""
    run = scene.start()
    worker = scene.moment(run)
    if worker:
        seconds = scene.rng.uniform(-7200, 7200)
        scene.notes.append(f"clock set {'back' if seconds > 0 else 'forward'} by {abs(seconds):.0f} s")
        damage.step_times(scene.folder, seconds)
    scene.wait(run)
    return worker is not None
