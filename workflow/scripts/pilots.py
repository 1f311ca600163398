"""Give Table 8 of a model whose suite is a pilot a file of its own, `pilots.csv`."""

import argparse
from pathlib import Path

from tms.io import cli
from tms.io.errors import InputError
from tms.io.whole_file import write_bytes
from tms.report import index


def parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--tables", type=Path, required=True, help="folder of the model's tables")
    flags.add_argument("--output", type=Path, required=True, help="output: Table 8 as CSV")
    return flags


def main(args: argparse.Namespace) -> None:
    table = args.tables / "table8.csv"
    index.read(args.tables)
    if not table.exists():
        raise InputError(f"{table}: no such table; index.json beside it says why")
    write_bytes(args.output, table.read_bytes())


if __name__ == "__main__":
    cli.run(main, parser())
