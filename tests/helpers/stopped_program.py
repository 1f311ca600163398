"""A training program that gets a signal when it has saved its first state, however busy the machine is."""

import subprocess
import sys
from pathlib import Path

from helpers.paths import SCRIPTS

STOPPED = """
import os, runpy, sys
sys.path.insert(0, sys.argv[1])
from tms.io import work_folder
signals, complete_state = [int(sys.argv[2])], work_folder.complete_state

def stopped(state, record):
    complete_state(state, record)
    if signals:
        os.kill(os.getpid(), signals.pop())

work_folder.complete_state = stopped
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_stopped(folder: Path, number: int, program: str, *words: object) -> subprocess.CompletedProcess:
    """Run `workflow/scripts/{program}.py` in a folder until it gets the signal."""
    command = [str(SCRIPTS), str(int(number)), str(SCRIPTS / f"{program}.py"), *map(str, words)]
    command = [sys.executable, "-c", STOPPED, *command]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
