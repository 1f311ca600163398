"""Compare the product with released packages, a row at a time, and write docs/results/bench.md.

A row is a module of the folder `rows` (its docstring says how to write one). Its two sides run in processes
of their own and take turns (A B A B); CPU seconds, wall seconds and peak memory of each turn go into
docs/results/bench/ROW.json. A row that was measured is not measured again, unless `--again` asks for it.

Usage, from the repository's root: python benchmarks/bench [ROW ...] [--again] [--smollm2 FOLDER]
"""

import argparse
import json
import shlex
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from os import getloadavg
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from measuring import Inputs, Missing, measure
from page import document, lines

from tms.io.git import commit
from tms.units.record import machine

ROWS = sorted(path.stem for path in (Path(__file__).parent / "rows").glob("[a-z]*.py"))


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = flags.add_argument
    add("rows", nargs="*", metavar="ROW", help=f"all, or some of: {', '.join(ROWS)}")
    add("--again", action="store_true", help="measure rows that were measured before, too")
    add("--times", type=int, default=5, help="turns of each side")
    add("--threads", type=int, default=1, help="CPU threads of each side")
    add("--smollm2", type=Path, default=Path("models/wheels/smollm2"), help="folder of SmolLM2-135M-Instruct")
    add("--data-root", type=Path, help="folder of local benchmark copies")
    add("--folder", type=Path, default=Path("docs/results/bench"), help="where measurements are kept")
    add("--page", type=Path, default=Path("docs/results/bench.md"), help="where the table is written")
    return flags


def measured(name: str, args: argparse.Namespace) -> dict:
    """All sizes of a row, in turns.

    Raises:
        Missing: an input of the row is not there.
    """
    row = import_module(f"rows.{name}")
    sizes = {}
    for size in getattr(row, "SIZES", [None]):
        inputs = Inputs(args.smollm2.absolute(), args.data_root, size, args.threads)
        sizes["" if size is None else str(size)] = measure(name, inputs, args.times)
    return {
        "work": row.WORK,
        "peer": row.PEER,
        "first": row.FIRST,
        "reach": row.REACH,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit(),
        "command": shlex.join(["python", "benchmarks/bench", name]),
        "machine": machine(),
        "load": round(getloadavg()[2], 1),  # of the last 15 minutes
        "threads": args.threads,
        "versions": {package: version(package) for package in row.PACKAGES},
        "sizes": sizes,
    }


def main() -> None:
    """Measure what is asked for and missing, and write the page."""
    flags = parser()
    args = flags.parse_args()
    if unknown := sorted({*args.rows} - {*ROWS}):
        flags.error(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in args.rows or ROWS:
        path = args.folder / f"{name}.json"
        if path.exists() and not args.again:
            print(f"{name}: measured before ({path}; --again measures it anew)", file=sys.stderr)
            continue
        try:
            found = measured(name, args)
        except Missing as missing:
            print(f"{name}: skipped: {missing}", file=sys.stderr)
            continue
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(found, indent=1) + "\n")
        unfinished.replace(path)
        print(*lines(found), sep="\n", flush=True)
    kept = [json.loads(path.read_text()) for path in sorted(args.folder.glob("*.json"))]
    args.page.write_text(document(args.page.read_text(), kept))
    print(args.page)


if __name__ == "__main__":
    main()
