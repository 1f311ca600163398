"""A process that ends with its parent, whenever that one ends."""

import os
import signal
import subprocess
import sys

from helpers.misbehaving_grader import wait_for_end
from helpers.paths import SCRIPTS

CHILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from tms.io import parent
parent.end_with(int(sys.argv[2]))
import os
print(os.getpid(), flush=True)
time.sleep(600)
"""
STARTER = (
    f"import os, subprocess, sys\nwords = [sys.executable, '-c', {CHILD!r}, sys.argv[1], str(os.getpid())]\n"
)


def test_a_killed_parent_ends_it():
    command = [sys.executable, "-c", f"{STARTER}subprocess.run(words)", str(SCRIPTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        child = int(process.stdout.readline())
        process.kill()
        wait_for_end([child])


def test_a_parent_that_has_already_ended_ends_it():
    other = os.getppid()  # not the one that starts it
    command = [sys.executable, "-c", CHILD, str(SCRIPTS), str(other)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGTERM and done.stdout == ""
