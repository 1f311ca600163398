"""A training program that gets a signal when it has saved its first state, however busy the machine is."""

import subprocess
from pathlib import Path

from helpers import forked_python
from helpers.paths import ROOT, SCRIPTS

GETS_SIGNAL = ROOT / "tests" / "helpers" / "gets_signal.py"


def run_stopped(folder: Path, number: int, program: str, *words: object) -> subprocess.CompletedProcess:
    """Run `workflow/scripts/{program}.py` in a folder until it gets the signal."""
    command = [forked_python.path(), GETS_SIGNAL, int(number), SCRIPTS / f"{program}.py", *words]
    return subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False)
