"""Measure the contamination gate: what it finds between real benchmarks, or its time and memory on many sets.

Both run workflow/scripts/decontaminate.py as a process of its own.

Usage, from the repository's root:
  python benchmarks/contamination.py pairs DATA_ROOT      each pair of the benchmarks in a folder
  python benchmarks/contamination.py load [--rows 12000] [--sets 30]      generated texts
"""

import argparse
import importlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tms.io import parquet

PROGRAM = Path(__file__).parents[1] / "workflow" / "scripts" / "decontaminate.py"
# name, kind, rows of train and held-out that a full local copy has, rows of test that ours has, options
BENCHMARKS = [
    ("math", "math", (7000, 500), 5000, {}),
    ("gsm8k", "gsm8k", (6973, 500), 1319, {}),
    ("countdown", "countdown", (10000, 500), 1000, {}),
    ("math500", "math500", None, 500, {}),
    ("ifeval", "ifeval", None, 541, {}),
    ("mmlu", "mmlu", None, 12032, {}),
    ("mmlu_subjects", "mmlu_subjects", None, 14042, {}),
    ("arc_c", "arc", None, 1172, {}),
    ("hotpotqa", "hotpotqa", None, 100, {}),
    ("safetybench", "safetybench", None, 1500, {}),
]


def prepare(folder: Path, root: Path) -> None:
    """Write every benchmark's splits as `{name}-{split}.parquet`."""
    for name, kind, training, test, options in BENCHMARKS:
        build = importlib.import_module(f"tms.tasks.{kind}").build
        sizes = {"test": test} | (dict(zip(("train", "heldout"), training, strict=True)) if training else {})
        for split, size in sizes.items():
            parquet.write(
                folder / f"{name}-{split}.parquet", parquet.PREPARED, build(split, size, 0, options, root), {}
            )


def compare(folder: Path, task: str, train: Path, heldout: Path, benchmarks: dict[str, Path]) -> dict:
    """Compare one training set with benchmarks: name -> counts."""
    report = folder / f"{task}.json"
    command = [sys.executable, PROGRAM, "--task", task, "--train", train, "--heldout", heldout]
    command += ["--benchmarks", *(f"{name}={path}" for name, path in benchmarks.items())]
    command += ["--output", folder / "left.parquet", "--heldout-output", folder / "heldout_left.parquet"]
    command += ["--report", report]
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return json.loads(report.read_text())["benchmarks"]


def pairs(folder: Path, root: Path) -> None:
    """Print the table of every pair: training splits against test splits, then test against test."""
    prepare(folder, root)
    tests = {name: folder / f"{name}-test.parquet" for name, *_ in BENCHMARKS}
    print("| trained on | benchmark | rows | equal | share 13 words | share | half or more |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, _, training, *_ in BENCHMARKS:
        for split in ("train", "test") if training else ("test",):
            # A test split is not compared with itself, nor MATH-500 with the split that it is a part of.
            left_out = {"train": (), "test": (name, "math" if name == "math500" else name)}[split]
            others = {other: path for other, path in tests.items() if other not in left_out}
            spare = folder / "countdown-heldout.parquet"  # equal to nothing: this is about training rows
            train = folder / f"{name}-{split}.parquet"
            for other, found in compare(folder, f"{name} {split}", train, spare, others).items():
                if found["exact"] or found["overlapping"]:
                    print(
                        f"| {name} {split} | {other} | {found['rows']} | {found['exact']} "
                        f"| {found['overlapping']} | {found['share']:.2%} | {found['mostly']} |"
                    )


def load(folder: Path, count: int, sets: int) -> None:
    """Print the time and memory that the gate takes for `count` rows against `sets` sets of as many."""
    draw = random.Random(0)
    words = [f"{draw.choice('bcdfgh')}{number:x}" for number in range(30_000)]
    # Like a language's: few words are most of a text.
    weights = [1 / (rank + 10) for rank in range(len(words))]

    def problems(name: str, number: int) -> list[dict]:
        lengths = [draw.randint(20, 140) for _ in range(number)]
        pool = iter(draw.choices(words, weights, k=sum(lengths)))
        texts = [" ".join(next(pool) for _ in range(length)) for length in lengths]
        return [
            {"example_id": f"{name}-{index}", "prompt": "", "answer": "", "problem": text, "solution": ""}
            for index, text in enumerate(texts)
        ]

    for name in ("train", "heldout", *(f"set{index}" for index in range(sets))):
        found = problems(name, 500 if name == "heldout" else count)
        parquet.write(folder / f"{name}.parquet", parquet.PREPARED, found, {})
    benchmarks = {f"set{index}": folder / f"set{index}.parquet" for index in range(sets)}
    started = time.perf_counter()
    compare(folder, "load", folder / "train.parquet", folder / "heldout.parquet", benchmarks)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{count} rows of 80 words x {sets} sets of {count}: {seconds:.0f} s, at most {memory:.0f} MiB")


def main() -> None:
    """Run what the command line asks for."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = flags.add_subparsers(dest="part", required=True)
    parts.add_parser("pairs", help="real benchmarks").add_argument("root", type=Path, help="local copies")
    generated = parts.add_parser("load", help="generated texts")
    generated.add_argument("--rows", type=int, default=12_000, help="rows of each set")
    generated.add_argument("--sets", type=int, default=30, help="evaluation sets")
    args = flags.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if args.part == "pairs":
            pairs(Path(place), args.root)
        else:
            load(Path(place), args.rows, args.sets)


if __name__ == "__main__":
    main()
