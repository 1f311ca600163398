"""Run a stage's program as Snakemake does, but in this process, which has paid for importing torch."""

import os
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from helpers import forked_python
from helpers.browser import Browser
from helpers.paths import SCRIPTS


@pytest.fixture(scope="session")
def run_program():
    """Call `run_program(folder, name, *words)`: runs `workflow/scripts/{name}.py` in a folder.

    `tests/workflow` runs each stage as a process of its own.
    """

    def run(folder: Path, name: str, *words: object) -> subprocess.CompletedProcess:
        command = [str(SCRIPTS / f"{name}.py"), *map(str, words)]
        environment, status = dict(os.environ), 0
        printed, errors = StringIO(), StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(errors):
            patch.chdir(folder)
            patch.setattr(sys, "argv", command)
            try:
                runpy.run_path(command[0], run_name="__main__")
            except SystemExit as stopped:
                status = stopped.code or 0
            finally:
                os.environ.clear()
                os.environ.update(environment)
        return subprocess.CompletedProcess(command, status, printed.getvalue(), errors.getvalue())

    return run


def process_of(python: str):
    def run(folder: Path, name: str, *words: object) -> subprocess.CompletedProcess:
        command = [python, str(SCRIPTS / f"{name}.py"), *map(str, words)]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def run_process():
    """As `run_program`, in a process of its own: what reads the environment as it is imported needs it."""
    return process_of(sys.executable)


@pytest.fixture(scope="session")
def run_forked():
    """As `run_program`, in a process of its own that has the libraries: vLLM's engine needs it."""
    return process_of(forked_python.path())


@pytest.fixture
def program(run_program, tmp_path):
    """Call `program(name, *words)`: runs `workflow/scripts/{name}.py` in the test's own folder."""
    return lambda name, *words: run_program(tmp_path, name, *words)


@pytest.fixture
def own_process(run_process, tmp_path):
    """As `program`, in a process of its own."""
    return lambda name, *words: run_process(tmp_path, name, *words)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A real browser, which is closed behind a file's last test."""
    opened = Browser(tmp_path_factory.mktemp("chromium"))
    yield opened
    opened.close()
