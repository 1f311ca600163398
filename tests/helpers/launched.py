"""A program in two processes, started as the workflow starts it on two GPUs."""

import os
import sys
from pathlib import Path

from helpers import forked_python
from tms.training.devices import launcher


def launched(program: Path, *words: object) -> dict:
    """Words and environment of `subprocess.run`; accelerate and both processes are forked."""
    accelerate, *launch = launcher(2).split()
    python = forked_python.path()
    start = [python, Path(sys.executable).with_name(accelerate), *launch, program, *words]
    return {"args": list(map(str, start)), "env": os.environ | {"PYTHON_EXEC": python}}
