"""Run a stage's program as Snakemake does: a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


@pytest.fixture
def program(tmp_path):
    """Call `program(name, *words)`: runs `workflow/scripts/{name}.py` in an empty folder."""

    def run(name: str, *words: object) -> subprocess.CompletedProcess:
        command = [sys.executable, str(SCRIPTS / f"{name}.py"), *map(str, words)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run
