"""A grader that misbehaves on demand (`fake_graders/exact_fake.py`), here and in processes, and who lives."""

import os
import subprocess
import sys
import time
from pathlib import Path

from helpers.paths import SCRIPTS

HELPERS = Path(__file__).parent
FAKES = HELPERS / "fake_graders"


def let_python_find_the_fakes(folder: Path, monkeypatch, more: str = "") -> None:
    """Each Python that starts from here on has the fake graders beside the real ones, and runs `more`."""
    (folder / "sitecustomize.py").write_text(
        f"import tms.graders\ntms.graders.__path__.append({str(FAKES)!r})\n{more}\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SCRIPTS), str(HELPERS.parent), str(folder)]))


def start(program: str) -> subprocess.Popen:
    """Start a Python program in a process group of its own; it prints a line when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def descendants(pid: int) -> list[int]:
    """Living processes below one (Linux)."""
    found = []
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        found += [child, *descendants(child)]
    return found


def wait_until(condition) -> None:
    """Wait for something that takes milliseconds on an idle machine."""
    while not condition():
        time.sleep(0.02)


def wait_for_end(pids: list[int]) -> None:
    """Wait until the processes have ended; none would end by itself."""
    wait_until(lambda: not any(map(lives, pids)))


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    # The second one where it ends between the two system calls.
    except (FileNotFoundError, ProcessLookupError):
        return False
