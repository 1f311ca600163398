"""The demo's command where all is made: Snakemake finds nothing to do."""

import subprocess
import sys
from pathlib import Path

from measuring import Missing

WORK = "the demo's command, nothing to do"
PEER = ""
PACKAGES = ["snakemake"]
FIRST = "not measured"
REACH = {"seconds": 5}
DEMO = "results/tiny/tms/answer.json"


def product(inputs):
    """Snakemake in the repository's root.

    Raises:
        Missing: the demo was not run.
    """
    if not Path(DEMO).exists():
        raise Missing(f"{DEMO} is not there; run `make demo` before")
    words = [sys.executable, "-m", "snakemake", "--cores", "1", "--", DEMO]

    def work() -> None:
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        if "Nothing to be done" not in done.stdout + done.stderr:
            raise AssertionError("there was something to do")

    return work
