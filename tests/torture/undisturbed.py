"""The undisturbed run: made once, its jobs with their times, and copies of it as it was when a job began.

A job's record is written when it begins, so the state at that moment is the files that are older: jobs run
one at a time, and none changes a file of an earlier one.
"""

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from helpers.copies import copy_folder
from helpers.paths import ROOT

from tms.io import made_by
from torture import processes

TABLE = "results/tiny/table.csv"
PARTS = ["Snakefile", "config", "docs", "envs", "profiles", "slurm", "workflow"]
CONFIG = Path(__file__).with_name("config.yaml")
OWN = ("jobs.json", "printed")  # files of this program in the run's folder
MADE = ("data", "models", "results", "rows", "logs", ".snakemake")  # folders that a run makes
GENERATES = ("teacher", "harvest", "generate")  # stages that store completions
# A stage of this size takes seconds, and the shipped settings would store nothing before its end.
EDITS = {
    "workflow/scripts/tms/generation/cache.py": ("flush_seconds: float = 20.0", "flush_seconds: float = 0.1"),
    "workflow/scripts/tms/training/settings.py": (
        "save_every_seconds: float = 600",
        "save_every_seconds: float = 0.5",
    ),
}


@dataclass(frozen=True)
class Job:
    """A job of the undisturbed run."""

    stage: str
    output: str  # the first one, whose record it has
    began_ns: int
    cpu_seconds: float  # of its program and of what that started


def copy_project(folder: Path) -> None:
    """Copy the project, with its configuration and the edits above."""
    folder.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            copy_folder(ROOT / part, folder / part)
        else:
            shutil.copy2(ROOT / part, folder / part)
    shutil.copy2(CONFIG, folder / "torture.yaml")
    for file, (old, new) in EDITS.items():
        text = (folder / file).read_text()
        if text.count(old) != 1:
            raise SystemExit(f"error: {file}: {old!r} is not there once; correct EDITS in {__file__}")
        (folder / file).write_text(text.replace(old, new))


def make(folder: Path, target: str) -> list[Job]:
    """Make a target from nothing, one job at a time, and its jobs; a folder that is there is taken as it is.

    Args:
        folder: of the run; `jobs.json` in it is written last.
        target: what is made.
    """
    record = folder / "jobs.json"
    if record.exists():
        return [Job(**job) for job in json.loads(record.read_text())]
    shutil.rmtree(folder, ignore_errors=True)
    copy_project(folder)
    printed = folder / "printed"
    run = processes.start(folder, processes.command([target]), printed)
    used: dict[int, float] = {}
    while run.poll() is None:
        for process in processes.descendants(psutil.Process(run.pid)):
            used[process.pid] = max(used.get(process.pid, 0.0), processes.cpu_seconds(process))
        time.sleep(0.25)
    if run.returncode:
        raise SystemExit(f"error: the undisturbed run failed:\n{printed.read_text()[-4000:]}")
    jobs = [_job(folder, path, used) for path in folder.rglob(".*.made.json")]
    jobs.sort(key=lambda job: job.began_ns)
    record.write_text(json.dumps([asdict(job) for job in jobs], indent=1) + "\n")
    return jobs


def _job(folder: Path, record: Path, used: dict[int, float]) -> Job:
    output = record.with_name(record.name.removeprefix(".").removesuffix(".made.json"))
    made = made_by.read(output)
    [program] = made_by.settings(made["command"])["program"]
    seconds = used.get(made["pid"], 0.0)
    return Job(Path(program).stem, str(output.relative_to(folder)), record.stat().st_mtime_ns, seconds)


def copy_before(source: Path, job: Job, folder: Path) -> None:
    """Copy the undisturbed run as it was when a job began."""
    for name, _, files in os.walk(source):
        place = Path(name)
        there = folder / place.relative_to(source)
        compiled = place.name == "__pycache__"  # of any time: it saves every program some
        for name in files:
            file = place / name
            if file.name not in OWN and (compiled or file.stat().st_mtime_ns < job.began_ns):
                there.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, there / name)


def written_bytes(source: Path, job: Job, jobs: list[Job]) -> int:
    """Bytes of the files that a job of the undisturbed run wrote."""
    after = [other.began_ns for other in jobs if other.began_ns > job.began_ns]
    until = min(after, default=time.time_ns())
    files = (file for part in MADE for file in (source / part).rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files if job.began_ns <= file.stat().st_mtime_ns < until)
