"""Snakemake forked from a process that has imported it and its jobs' libraries; its jobs are forked too."""

from helpers import forked_python

PROGRAM = """
import sys
from snakemake.cli import main
sys.executable, *words = sys.argv[1:]
main(words)
"""


def command() -> list[str]:
    """The words before Snakemake's own; its jobs run with the `python` beside its own, the forked one."""
    return [forked_python.path(), "-c", PROGRAM, forked_python.path()]
