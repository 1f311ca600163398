"""Start a job's program: lock the record of its output, write what makes it, and become the program.

So a job that a killed Snakemake has left behind is found by the one that would make the same output, and each
output has its flags beside it (`tms/io/made_by.py`).
"""

import argparse
import os
from pathlib import Path

from tms.io import cli, made_by
from tms.io.errors import InputError


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = flags.add_argument
    add("--output", nargs="+", type=Path, required=True, help="the job's outputs; the first has the record")
    add("--code", default="", help="digest of the job's code")
    add("--patience", type=float, default=made_by.PATIENCE, help="seconds to wait for a job that is ending")
    add("command", nargs="+", help="the command, after --")
    return flags


def main(args: argparse.Namespace) -> None:
    """Lock the output, then become the command, which gets no input: nobody is there to answer a question."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    made_by.begin(args.output[0], args.command, args.code, args.patience)
    try:
        os.execvp(args.command[0], args.command)
    except OSError as error:
        raise InputError(f"{args.command[0]}: {error.strerror}") from error


if __name__ == "__main__":
    cli.run(main, parser())
