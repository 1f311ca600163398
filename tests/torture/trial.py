"""One trial: a fault drawn by its number, the disturbance, the plain command again, and the checks."""

import functools
import random
import time
from pathlib import Path

from torture import again, checks, processes
from torture.kinds import KINDS, Kind
from torture.scene import Scene
from torture.undisturbed import Job

of_source = functools.cache(checks.contents)  # it never changes
TO_THE_TABLE = 20  # of so many faults one is followed to the table, the others to their job's outputs


def draw(seed: int, number: int, jobs: list[Job], kinds: list[str]) -> tuple[str, Job, random.Random]:
    """Kind, job and random numbers of a fault; the same for the same seed and number.

    Kinds take turns; of a kind's stages each comes as often, however many jobs it has.
    """
    rng = random.Random(f"{seed}/{number}")
    kind = kinds[number % len(kinds)]
    stages = sorted({job.stage for job in jobs} & set(KINDS[kind].stages or [job.stage for job in jobs]))
    stage = rng.choice(stages)
    return kind, rng.choice([job for job in jobs if job.stage == stage]), rng


def run(place: Path, source: Path, jobs: list[Job], number: int, seed: int, kinds: list[str]) -> dict:
    """Run one fault; its result as a JSON-able record.

    Args:
        place: folder for copies and printed texts.
        source, jobs: the undisturbed run.
        number, seed, kinds: of the fault.
    """
    name, job, rng = draw(seed, number, jobs, kinds)
    kind = KINDS[name]
    record = {"seed": seed, "number": number, "kind": name, "stage": job.stage, "output": job.output}
    record |= {"of": round(job.cpu_seconds, 3), "at": 0.0, "seconds": 0.0}
    record |= {"lines": [], "told": [], "twice": 0}
    if why := kind.needs():
        notes = [f"not tried: {why}"]
        return record | {"outcome": "missed", "failures": [], "notes": notes, "to_the_table": False}
    to_the_table = number % TO_THE_TABLE == TO_THE_TABLE // 2
    printed = place / "printed" / f"{number}.txt"
    printed.parent.mkdir(parents=True, exist_ok=True)
    printed.unlink(missing_ok=True)
    scene = Scene(
        source,
        jobs,
        place / f"fault-{number}",
        job,
        [jobs[-1].output if to_the_table else job.output],
        rng,
        printed,
        of_source(source),
    )
    scene.remove()
    started = time.monotonic()
    scene.copy()
    hit = kind.disturb(scene)
    disturbed = scene.said()
    mended = again.mend(scene.folder, scene.targets, printed)
    lost = [process for process in processes.of_folder(scene.folder) if processes.alive(process)]
    paid = checks.twice(checks.stored(scene.folder / "rows"))
    other = checks.differences(checks.contents(scene.folder), scene.undisturbed, scene.targets)
    unread = [line for line in other if scene.damaged and line.startswith(f"{scene.damaged}:")]
    if unread and other == unread and not scene.failures:
        hit, other = False, []
        scene.notes.append("nothing that was made reads it")
    failures = [
        *scene.failures,
        *broken(kind, mended, disturbed, hit),
        *([f"generated twice: {paid} rows"] if paid and not kind.paid_twice else []),
        *other,
        *(f"left behind: {name}" for name in checks.left_behind(scene.folder)),
        *(f"still runs: {process.pid}" for process in lost),
    ]
    for process in lost:
        process.kill()
    outcome = "failed" if failures else "passed" if hit else "missed"
    if outcome != "failed":
        scene.remove()
    return record | {
        **{"at": scene.at, "to_the_table": to_the_table},
        **{"outcome": outcome, "failures": failures, "notes": scene.notes, "told": mended.told},
        **{"commands": mended.commands, "twice": paid, "seconds": round(time.monotonic() - started, 1)},
        "lines": checks.error_lines(disturbed + mended.printed)[:6],
    }


def broken(kind: Kind, mended: again.Mended, disturbed: str, hit: bool) -> list[str]:
    """What the commands and their messages did not do."""
    failures = []
    if not mended.whole:
        failures.append(f"not mended after {mended.commands} commands: {_last(mended.printed)}")
    failures += [f"asked for {told}" for told in sorted(set(mended.told) - set(kind.told))]
    said = disturbed + mended.printed
    if count := checks.tracebacks(said):
        failures.append(f"{count} tracebacks")
    stopped = mended.commands > 1 or not mended.whole or (disturbed and kind.stops and hit)
    if kind.damages and stopped and not any("/" in line for line in checks.error_lines(said)):
        failures.append("no line that names a file")
    return failures


def _last(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return " | ".join(lines[-3:])[:400]
