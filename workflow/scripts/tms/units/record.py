"""A collected unit: its measured files in a folder of their own, and unit.json beside them."""

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tms.config.units import Unit
from tms.cost_estimate.summary import run_time
from tms.io import json_file, made_by
from tms.io.errors import InputError
from tms.io.git import commit
from tms.io.processor import processor_name
from tms.io.provenance import facts
from tms.io.whole_file import write_text
from tms.planned_jobs.jobs import Job
from tms.units.measured import MADE

RECORD = "unit.json"
SHOWN = {"settings", "stages", "machine", "elapsed_seconds", "commit"}  # of it, beside its files
LARGEST = 1_500_000  # bytes of a unit's files, which are committed, above which that is told
# Where a machine keeps its files, which changes no result.
PLACES = {"--data-root"}
# Files of a training run that hold its losses and how far its weights moved, and no time.
TRAINING = {"health.json", "updates.json"}


def units_folder(study: Path) -> Path:
    """The folder of a study's units.

    Args:
        study: its configuration file, e.g. config/smollm2.yaml.
    """
    return Path("docs", "results", study.stem, "units")


def settings_of(command: list[str]) -> dict[str, list[str]]:
    """The flags of a job that its result depends on."""
    return {name: values for name, values in made_by.settings(command).items() if name not in PLACES}


def made_with(jobs: Iterable[Job]) -> dict[str, dict[str, list[str]]]:
    """The flags with which finished jobs were made, by the records beside them: first output -> flags."""
    found = {}
    for job in jobs:
        if record := made_by.read(Path(job.output[0])):
            found[job.output[0]] = settings_of(record["command"])
    return found


def planned_with(jobs: Iterable[Job]) -> dict[str, dict[str, list[str]]]:
    """The flags with which jobs would be made today: first output -> flags."""
    return {job.output[0]: settings_of(made_by.program(job.command)[0]) for job in _started(jobs)}


def made_by_code(jobs: Iterable[Job]) -> dict[str, str]:
    """The digests of the code that finished jobs ran, by the records beside them: first output -> digest."""
    records = {job.output[0]: made_by.read(Path(job.output[0])) for job in jobs}
    return {output: record.get("code", "") for output, record in records.items() if record}


def planned_code(jobs: Iterable[Job]) -> dict[str, str]:
    """The digests of the code that jobs would run today: first output -> digest."""
    return {job.output[0]: made_by.program(job.command)[1] for job in _started(jobs)}


def _started(jobs: Iterable[Job]) -> list[Job]:
    """The jobs that leave a record of their own."""
    return [job for job in jobs if made_by.STARTER in job.command]


def other_settings(record: dict, today: dict[str, dict[str, list[str]]]) -> str:
    """The first difference of a unit's settings from those of today, e.g. `x.json: --alpha 0.25, now 0.4`.

    Args:
        record: of the unit.
        today: flags of every job of today, as `planned_with` gives them.

    Returns:
        "" where there is none.
    """
    for output, made in record["settings"].items():
        if found := made_by.changed_flags(made, today.get(output, made)):
            return f"{output}: {found[0]}"
    return ""


def other_code(record: dict, today: dict[str, str]) -> list[str]:
    """The programs of a unit's jobs that have other code today, e.g. `harvest`.

    Args:
        record: of the unit.
        today: digest of every job of today, as `planned_code` gives them.
    """
    changed = [output for output, code in record.get("code", {}).items() if today.get(output, code) != code]
    return sorted({Path(record["settings"][output]["program"][0]).stem for output in changed})


def training_digests(jobs: Iterable[Job]) -> dict[str, str]:
    """The SHA-256 of what training left beside its weights, for every run of a unit: file -> digest.

    It is of the file without its checksum, which units from before there was one do not have.
    """
    files = (path for job in jobs for path in job.output if Path(path).name in TRAINING)
    return {path: _digest(Path(path).read_bytes()) for path in files}


def _digest(data: bytes) -> str:
    return hashlib.sha256(json_file.SEAL.sub(b"\n", data)).hexdigest()


def trained_otherwise(records: dict[str, dict]) -> list[str]:
    """Runs that two units trained, each from nothing, with other losses or weights: one line for each pair.

    Args:
        records: of the units, by name.
    """
    first: dict[str, tuple[str, str]] = {}
    found = {}
    for unit, record in records.items():
        for path, digest in record.get("training", {}).items():
            other, known = first.setdefault(path, (unit, digest))
            if digest != known:
                found[str(Path(path).parent), other, unit] = None
    return [f"{run} is not the same run in {other} and {unit}." for run, other, unit in found]


def stage_times(jobs: Iterable[Job]) -> dict[str, dict[str, float]]:
    """Jobs, seconds and CPU seconds of each stage, by Snakemake's measurements of the finished jobs."""
    stages: dict[str, dict[str, float]] = {}
    for job in jobs:
        if (seconds := run_time(job)) is None:
            continue
        times = stages.setdefault(job.rule, {"jobs": 0, "seconds": 0.0, "cpu_seconds": 0.0})
        times["jobs"] += 1
        times["seconds"] = round(times["seconds"] + seconds, 1)
        times["cpu_seconds"] = round(times["cpu_seconds"] + run_time(job, "cpu_time"), 1)
    return stages


def machine() -> dict:
    """Processor, cores and memory; no name of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor_name(),
        "cores": cores,
        "memory_gb": round(memory / 1e9, 1),
        "system": platform.system(),
    }


def collect(unit: Unit, files: list[str], jobs: list[Job], elapsed: float, folder: Path) -> None:
    """Copy a unit's measured files into its folder, and write its record last; many bytes are told.

    Args:
        unit: whose runs they are.
        files: its measured files, all there.
        jobs: those that they were made by.
        elapsed: seconds of the commands that made them.
        folder: of the unit; what an earlier collection left there goes.
    """
    size = sum(Path(path).stat().st_size for path in files)
    if size > LARGEST:
        largest = max(files, key=lambda path: Path(path).stat().st_size)
        print(
            f"warning: units.{unit.name}: its files have {size / 1e6:.2f} MB, more than {LARGEST / 1e6:g} MB "
            f"({largest} is the largest); give it fewer methods, or lower drift.prompts or `limit` of tasks",
            file=sys.stderr,
        )
    provenance = facts("unit")
    record = asdict(unit) | {
        "commit": commit(),
        "elapsed_seconds": round(elapsed, 1),
        "machine": machine(),
        "python": platform.python_version(),
        "versions": provenance["versions"],
        "stages": stage_times(jobs),
        "files": files,
        "settings": made_with(jobs),
        "code": made_by_code(jobs),
        "training": training_digests(jobs),
    }
    # Read and copied first: what cannot be collected leaves the earlier collection as it is.
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        for path in files:
            target = unfinished / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        # It is committed, so no white space stands at its end.
        write_text(unfinished / RECORD, json.dumps(record, indent=1) + "\n")
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    earlier = folder.with_name(f".{folder.name}.earlier")
    shutil.rmtree(earlier, ignore_errors=True)
    if folder.exists():
        folder.rename(earlier)
    unfinished.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)


def read(folder: Path) -> dict | None:
    """The record of a collected unit; None where it has not been collected.

    Raises:
        InputError: it cannot be read, or one of its files is missing.
    """
    path = folder / RECORD
    if not path.exists():
        return None
    record = json_file.read(path, "record of a unit", "take the one that was committed", {"files": list})
    try:
        files = record["files"]
        if missing := SHOWN - record.keys():
            raise ValueError(f"no {min(missing)}")
        if strange := [name for name in files if not name.startswith(MADE) or ".." in Path(name).parts]:
            raise ValueError(f"{strange[0]} is no file of a unit")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: not the record of a unit ({error}); take the one that was committed"
        ) from error
    if missing := [name for name in files if not (folder / name).is_file()]:
        raise InputError(f"{folder / missing[0]}: no such file; {path} names it, so take it from the commit")
    return record
