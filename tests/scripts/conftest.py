"""Run a stage's program as Snakemake does: a process of its own."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.paths import SCRIPTS


@pytest.fixture(scope="session")
def run_program():
    """Call `run_program(folder, name, *words)`: runs `workflow/scripts/{name}.py` in a folder."""

    def run(folder: Path, name: str, *words: object) -> subprocess.CompletedProcess:
        command = [sys.executable, str(SCRIPTS / f"{name}.py"), *map(str, words)]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def program(run_program, tmp_path):
    """Call `program(name, *words)`: runs `workflow/scripts/{name}.py` in the test's own folder."""

    def run(name: str, *words: object) -> subprocess.CompletedProcess:
        return run_program(tmp_path, name, *words)

    return run


@pytest.fixture
def in_process(tmp_path, monkeypatch, capsys):
    """Call `in_process(name, *words)`: as `program`, without the seconds that importing torch takes."""

    def run(name: str, *words: object) -> subprocess.CompletedProcess:
        path = str(SCRIPTS / f"{name}.py")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [path, *map(str, words)])
        for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # what the program sets is undone afterwards
            monkeypatch.setenv(variable, "1")
        status = 0
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as stopped:
            status = stopped.code
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(sys.argv, status, printed.out, printed.err)

    return run
