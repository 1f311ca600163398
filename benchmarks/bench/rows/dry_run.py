"""A dry run of the whole paper: all jobs planned, none listed."""

import subprocess
import sys

WORK = "dry run of the whole paper (`snakemake -n -q all`)"
PEER = ""
PACKAGES = ["snakemake"]
FIRST = "43 CPU s"
REACH = {"seconds": 15}


def product(inputs):
    """Snakemake in the repository's root, where nothing was run or all was: both plan every job."""
    words = [sys.executable, "-m", "snakemake", "-n", "-q", "--cores", "1", "--forceall", "--", "all"]
    return lambda: subprocess.run(words, check=True, capture_output=True)
