"""Runs Snakemake for some files, in the folder of this process; its progress goes to the terminal."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tms.io.interrupts import STATUS

COMMAND = (sys.executable, "-m", "snakemake")
MINUTE = 60.0  # seconds


def run_snakemake(
    targets: Iterable[str],
    configfiles: Iterable[Path],
    cores: str,
    each_minute: Callable[[], None] = lambda: None,
) -> int:
    """Run it to its end.

    Args:
        targets: files to make.
        configfiles: laid over config/config.yaml, in order.
        cores: how many it may use, or `all`.
        each_minute: called while it runs.

    Returns:
        Its exit status; that of Ctrl-C where it was stopped so, which it has said itself.
    """
    words = ["--cores", cores, *(["--configfile", *map(str, configfiles)] if configfiles else [])]
    process = subprocess.Popen([*COMMAND, *words, "--", *targets])
    try:
        while True:
            try:
                return process.wait(MINUTE)
            except subprocess.TimeoutExpired:
                each_minute()
    except KeyboardInterrupt:  # Snakemake has got it too, and ends its jobs
        process.wait()
        return STATUS
