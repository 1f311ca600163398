"""Ctrl-C on real programs: one line and no traceback, whatever they were at."""

import os
import signal
import subprocess
import sys

import pytest
from helpers.paths import SCRIPTS

from tms.io.interrupts import STATUS, STOPPED

PROGRAM = """
import argparse, atexit, signal, sys, threading
from tms.io import cli, interrupts

def wait():
    print("waits", flush=True)
    signal.pause()

def main(args):
    {main}

cli.run(main, argparse.ArgumentParser())
"""
WAITS = "wait()"
SAVES = """try:
        wait()
    finally:
        print("saved", flush=True)"""
SAVES_FOR_LONG = """try:
        wait()
    finally:
        wait()"""
ENDS_SLOWLY = """atexit.register(wait)
    wait()"""
NEVER_ENDS = """interrupts.PATIENCE = 0.1
    threading.Thread(target=threading.Event().wait).start()
    wait()"""


def interrupted(main: str, times: int = 1) -> tuple[int, list[str], list[str]]:
    """Send SIGINT at each `waits`; exit status and the lines of both streams."""
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-c", PROGRAM.format(main=main)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **streams) as process:
        for _ in range(times):
            assert process.stdout.readline() == "waits\n"
            process.send_signal(signal.SIGINT)
        said, told = process.communicate(timeout=120)
    return process.returncode, said.splitlines(), told.splitlines()


@pytest.mark.parametrize(
    ("main", "times", "expected"),
    [
        (WAITS, 1, (STATUS, [], [STOPPED])),
        (SAVES, 1, (STATUS, ["saved"], [STOPPED])),
        (SAVES_FOR_LONG, 2, (STATUS, [], [STOPPED])),
        (ENDS_SLOWLY, 2, (-signal.SIGINT, [], [STOPPED])),
        (NEVER_ENDS, 1, (STATUS, [], [STOPPED])),
    ],
)
def test_a_program_ends_with_one_line(main, times, expected):
    assert interrupted(main, times) == expected
