"""Inject seeded faults into copies of a small run, and write what each kind found.

Each fault's result is a line of `results.jsonl` in the folder; a stopped run goes on with the missing ones.
A fault is known by its seed and number: `--only 37` runs that one again.
"""

import argparse
import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow" / "scripts")]

from torture import page, trial, undisturbed  # noqa: E402
from torture.kinds import KINDS  # noqa: E402


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = flags.add_argument
    add("--folder", type=Path, default=ROOT / "torture", help="the runs' folder")
    add("--seed", type=int, default=0, help="of all faults")
    add("--faults", type=int, default=200, help="number of faults")
    add("--only", type=int, nargs="+", help="numbers of single faults, run whether or not they have a result")
    add("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="kinds that take turns")
    add("--workers", type=int, default=1, help="faults at once")
    add("--page", type=Path, help="Markdown file to write from the results")
    return flags


def results(file: Path, seed: int) -> dict[int, dict]:
    """Results so far by number, the last one of each."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {line["number"]: line for line in map(json.loads, lines) if line["seed"] == seed}


def main(args: argparse.Namespace) -> int:
    """Run what is missing; 1 where a fault failed."""
    # A shell has its background jobs ignore Ctrl-C, and so would the runs that are interrupted here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    source, file = args.folder / "undisturbed", args.folder / "results.jsonl"
    jobs = undisturbed.make(source, undisturbed.TABLE)
    done = results(file, args.seed)
    numbers = args.only or [number for number in range(args.faults) if number not in done]

    def one(number: int) -> None:
        result = trial.run(args.folder, source, jobs, number, args.seed, args.kinds)
        with file.open("a") as stream:
            stream.write(json.dumps(result) + "\n")
        what = "; ".join(result["failures"] or result["notes"])
        where = f"{result['kind']:18}{result['stage']:16}{result['seconds']:6.0f} s"
        print(f"{number:4} {result['outcome']:7}{where}  {what}", flush=True)

    with ThreadPoolExecutor(args.workers) as pool:
        list(pool.map(one, numbers))
    done = results(file, args.seed)
    if args.page:
        page.write(args.page, list(done.values()), jobs)
    failed = [number for number, result in done.items() if result["outcome"] == "failed"]
    print(f"{len(done)} faults, {len(failed)} failed{': ' * bool(failed)}{' '.join(map(str, failed))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(parser().parse_args()))
