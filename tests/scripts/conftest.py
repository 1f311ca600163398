"""Run a stage's program as Snakemake does: a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


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
