"""A finished smoke run of the whole pipeline, in copies of the project, and ways to ask what is stale."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock
from helpers import forked_snakemake
from helpers.copies import copy_folder
from helpers.paths import ROOT

PARTS = ["Snakefile", "config", "docs", "envs", "profiles", "slurm", "workflow"]
# A method of each way through the stages, and in each experiment as few as say something.
SMALL = """
models: {tiny: {experiments: [main, windows, checkpoints, frontier, mismatch, diversity]}}
experiments:
  main: [sft, grpo, tms, trapo]
  windows: [tms]
  checkpoints: [tms]
  frontier: {sft: [sft], tms: [tms]}
  # Of no model here, while a method that no experiment names belongs to every model.
  mixture: [reinforce]
  alpha:
    [self_sft, final_sft, trsft, tms_trsft, tms_t2, tms_t4, tms_t6, tms_t8, tms_t12, tms_early, tms_mid,
    tms_late, tms_alpha0, tms_alpha50, tms_alpha75, tms_theta0, tms_final, iterative_sft, sft_lr30, sft_lr10,
    tms_lr30, tms_lr10]
methods:
  sft: {training: {checkpoints: [1of5]}}
  tms: {training: {checkpoints: [3of5]}}
  sft_long: {training: {checkpoints: [1of5]}}
  tms_long: {training: {checkpoints: [1of5]}}
"""
SMOKE = ["config/smoke.yaml", "small.yaml"]


class Project:
    """A copy of the project in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder

    def snakemake(
        self, *words: str, configs: tuple[str, ...] = (), smoke: bool = True
    ) -> subprocess.CompletedProcess:
        """Run Snakemake at smoke size, or as shipped; `configs` are more config files, laid over it."""
        files = [*(SMOKE if smoke else []), *configs]
        options = ["--cores=4", "--nocolor", *(["--configfile", *files] if files else [])]
        # options stand before the targets
        options += [word for word in words if word.startswith("-")]
        options += ["--", *(word for word in words if not word.startswith("-"))]
        command = [*forked_snakemake.command(), *options]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def planned(self, target: str, *options: str, configs: tuple[str, ...] = ()) -> dict[str, int]:
        """Rules that a dry-run would run for a target, with their numbers of jobs."""
        return self.plan(target, *options, configs=configs)[0]

    def plan(
        self, target: str, *options: str, configs: tuple[str, ...] = (), smoke: bool = True
    ) -> tuple[dict[str, int], str]:
        """As `planned`, and what the dry-run printed."""
        done = self.snakemake("--dry-run", *options, target, configs=configs, smoke=smoke)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        if "Nothing to be done" in done.stdout + done.stderr:
            return {}, done.stdout
        stats = re.search(r"^job +count\n-+ +-+\n(.*?)^total", done.stdout, re.M | re.S)
        assert stats, done.stdout + done.stderr
        counts = (line.split() for line in stats[1].splitlines())
        return {name: int(count) for name, count in counts}, done.stdout

    def overlay(self, name: str, text: str) -> str:
        """Write one more config file, to be laid over the others."""
        (self.folder / name).write_text(text)
        return name


def copy_project(folder: Path) -> Project:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            copy_folder(source, folder / part)
        else:
            shutil.copy(source, folder / part)
    (folder / "small.yaml").write_text(SMALL)
    return Project(folder)


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory, worker_id) -> Path:
    """Folder of the project after the table and the report were made from nothing at smoke size.

    It is made once, whatever the number of test processes, and never changed.
    """
    temporary = tmp_path_factory.getbasetemp()
    folder = (temporary if worker_id == "master" else temporary.parent) / "smoke_run"
    printed = folder / "printed"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            done = copy_project(folder).snakemake("results/tiny/table.csv", "results/tiny/report.html")
            printed.write_text("" if done.returncode == 0 else done.stdout[-3000:] + done.stderr[-6000:])
    assert printed.read_text() == ""
    return folder


@pytest.fixture(scope="module")
def project(smoke_run, tmp_path_factory) -> Project:
    """A finished smoke run of the test module's own."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(smoke_run, folder, dirs_exist_ok=True)
    return Project(folder)


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
