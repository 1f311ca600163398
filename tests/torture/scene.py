"""One fault's surroundings: a copy of the undisturbed run, the job that is hit, and its random moment."""

import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tms.io import made_by
from torture import processes, undisturbed
from torture.again import PATIENCE
from torture.undisturbed import Job


@dataclass
class Scene:
    """A disturbed run: the folder and the job that a fault works on.

    Args:
        source: the undisturbed run.
        jobs: of it.
        folder: the copy, as it was when the job began.
        job: the one that is hit.
        targets: of the plain command: the job's output, or the table.
        rng: of this fault alone.
        printed: what the disturbed commands print, outside the copy.
    """

    source: Path
    jobs: list[Job]
    folder: Path
    job: Job
    targets: list[str]
    rng: random.Random
    printed: Path
    undisturbed: dict[str, str]  # contents of the finished run
    notes: list[str] = field(default_factory=list)  # what was done, in words
    failures: list[str] = field(default_factory=list)  # what did not hold
    damaged: str = ""  # the file that was damaged
    at: float = 0.0  # moment: processor seconds of the job

    def copy(self, folder: Path | None = None) -> Path:
        """Make the copy, or another one beside it."""
        undisturbed.copy_before(self.source, self.job, folder or self.folder)
        return folder or self.folder

    def start(
        self, folder: Path | None = None, before: list[str] | None = None, profile: str = ""
    ) -> subprocess.Popen:
        """Give the plain command, or that of a profile."""
        words = processes.command(self.targets, *([f"--profile={profile}"] if profile else []))
        return processes.start(folder or self.folder, words, self.printed, before)

    def moment(
        self, run: subprocess.Popen, ready: Callable[[psutil.Process], bool] = lambda worker: True
    ) -> psutil.Process | None:
        """Wait for the job's random moment; its worker, None where the job was over before."""
        self.at = round(self.rng.random() * self.job.cpu_seconds, 3)
        return processes.at_moment(run, self.folder, self.job.output, self.at, ready)

    def wait(self, run: subprocess.Popen) -> int:
        """Let a run end; its exit status (one that hangs is killed and says so)."""
        if not processes.end(run, PATIENCE):
            self.notes.append(f"hung for {PATIENCE:.0f} s and was killed")
        return run.returncode

    def said(self) -> str:
        """Output of the disturbed commands."""
        return self.printed.read_text(errors="replace") if self.printed.exists() else ""

    def inputs(self) -> list[Path]:
        """Files and folders of the copy that the job's command names."""
        command = made_by.read(self.source / self.job.output)["command"]
        words = [part for word in command for part in word.split("=")]
        named = [self.folder / word for word in words if word.startswith(("data/", "models/", "results/"))]
        return [place for place in named if place.exists()]

    def remove(self) -> None:
        """Delete the copy."""
        for folder in (self.folder, self.other):
            if folder.is_mount():
                subprocess.run(["umount", "--lazy", str(folder)], check=True)
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def other(self) -> Path:
        """A second folder, beside the copy."""
        return self.folder.with_name(f"{self.folder.name}-other")
