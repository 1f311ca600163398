"""A program that gets no memory says so in one line."""

import resource
import subprocess
import sys

import pytest
from helpers.paths import SCRIPTS

from tms.io import memory

PROGRAM = """
import argparse
from tms.io import cli
cli.run(lambda args: bytearray(8 << 30), argparse.ArgumentParser())
"""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
    ],
)
def test_what_means_no_memory(error):
    assert memory.ran_out(error).startswith("out of memory (")
    assert memory.ran_out(ValueError("x")) is None
    wrapped = ValueError("y")
    wrapped.__cause__ = error
    assert "out of memory" in memory.ran_out(wrapped)


def test_a_program_ends_with_one_line():
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=SCRIPTS, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"error: out of memory (MemoryError); {memory.REMEDY}\n"
