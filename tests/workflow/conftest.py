"""A finished smoke run of the whole pipeline, in a copy of the project, and ways to ask what is stale."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.paths import ROOT

PARTS = ["Snakefile", "config", "docs", "envs", "profiles", "slurm", "workflow"]


class Project:
    """A copy of the project in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder

    def snakemake(
        self, *words: str, configs: tuple[str, ...] = (), smoke: bool = True
    ) -> subprocess.CompletedProcess:
        """Run Snakemake at smoke size, or as shipped; `configs` are more config files, laid over it."""
        files = [*(["config/smoke.yaml"] if smoke else []), *configs]
        command = [sys.executable, "-m", "snakemake", "--cores", "4", "--nocolor"]
        command += ["--configfile", *files] if files else []
        # options stand before the targets
        command += [word for word in words if word.startswith("-")]
        command += ["--", *(word for word in words if not word.startswith("-"))]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def planned(self, target: str, *options: str, configs: tuple[str, ...] = ()) -> dict[str, int]:
        """Rules that a dry-run would run for a target, with their numbers of jobs."""
        done = self.snakemake("--dry-run", *options, target, configs=configs)
        assert done.returncode == 0, done.stdout + done.stderr
        if "Nothing to be done" in done.stdout + done.stderr:
            return {}
        stats = re.search(r"^job +count\n-+ +-+\n(.*?)^total", done.stdout, re.M | re.S)
        assert stats, done.stdout + done.stderr
        return {name: int(count) for name, count in (line.split() for line in stats[1].splitlines())}

    def trained(self, target: str, configs: tuple[str, ...] = ()) -> set[str]:
        """Methods whose training a dry-run would run for a target."""
        done = self.snakemake("--dry-run", target, configs=configs)
        assert done.returncode == 0, done.stdout + done.stderr
        jobs = re.findall(r"^rule train_\w+:\n(?:    .*\n)*?    wildcards: (.*)\n", done.stdout, re.M)
        return {re.search(r"method=(\w+)", wildcards)[1] for wildcards in jobs}

    def overlay(self, name: str, text: str) -> str:
        """Write one more config file, to be laid over the others."""
        (self.folder / name).write_text(text)
        return name


def copy_project(folder: Path) -> Project:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return Project(folder)


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Project:
    """The project after `results/tiny/table.csv` was made from nothing at smoke size."""
    finished = copy_project(tmp_path_factory.mktemp("project"))
    done = finished.snakemake("results/tiny/table.csv")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return finished


@pytest.fixture(scope="session")
def new_project(tmp_path_factory):
    """Call `new_project(name)`: one more copy of the project, with nothing made."""
    return lambda name: copy_project(tmp_path_factory.mktemp(name))


@pytest.fixture
def another(tmp_path) -> Project:
    """A second copy of the project, with nothing made."""
    return copy_project(tmp_path)


@pytest.fixture
def edit(project):
    """Edit files of the project, restored (time stamps too) after the test."""
    before: dict[Path, tuple[str, os.stat_result]] = {}

    def change(file: str, old: str, new: str) -> None:
        path = project.folder / file
        before.setdefault(path, (path.read_text(), path.stat()))
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1))

    yield change
    for path, (text, stat) in before.items():
        path.write_text(text)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
