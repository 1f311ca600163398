"""Compare a task's training rows with every evaluation set, and take out what an evaluation set holds.

Rows of the training and held-out split whose problem equals an evaluation row's are removed, and held-out
rows that equal a training row. Then evaluation rows are counted that share 13 words in a row with a training
row, or, of 8 to 12 words, stand whole in one; the stage `contamination_gate` says whether there are too many.
"""

import argparse
from pathlib import Path

from tms.data.contamination import overlap as contamination
from tms.io import cli, json_file, parquet, provenance
from tms.io.errors import InputError

LISTED = 1000  # overlapping rows of a benchmark that the report lists, the most alike


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--task", required=True, help="name of the task that is trained on")
    add("--train", type=Path, required=True, help="its training split")
    add("--heldout", type=Path, required=True, help="its held-out split")
    add("--benchmarks", nargs="*", default=[], metavar="NAME=PATH", help="evaluation sets to compare with")
    add(
        "--keep",
        nargs="*",
        default=[],
        metavar="BENCHMARK",
        help="benchmarks whose equal rows stay in training",
    )
    add("--output", type=Path, required=True, help="output: training rows that are left")
    add("--heldout-output", type=Path, required=True, help="output: held-out rows left")
    add("--report", type=Path, required=True, help="output: the overlap, with evidence")
    return parser


def read_problems(path: Path) -> list[dict]:
    problems = parquet.read(path, ["example_id", "problem"])
    contamination.check_problems(problems, path)
    return problems


def exact_matches(
    train: list[dict], heldout: list[dict], benchmarks: dict[str, str]
) -> dict[str, dict[str, dict[str, list[str]]]]:
    """Rows that equal a benchmark's: split -> benchmark -> example id -> ids of the benchmark's rows."""
    exact: dict[str, dict] = {"train": {}, "heldout": {}}
    for name, path in benchmarks.items():
        matcher = contamination.ExactMatcher(read_problems(Path(path)))
        exact["train"][name] = matcher.matches(train)
        exact["heldout"][name] = matcher.matches(heldout)
    return exact


def removed(exact: dict[str, dict], kept: list[str]) -> set[str]:
    """Ids of the rows that equal a row of any benchmark but the kept ones."""
    return {example for name, matches in exact.items() if name not in kept for example in matches}


def without(path: Path, gone: set[str], remedy: str) -> list[dict]:
    """The whole rows of a split that are left.

    Raises:
        InputError: none is left.
    """
    left = [row for row in parquet.read(path, parquet.PREPARED) if row["example_id"] not in gone]
    if not left:
        raise InputError(f"{path}: nothing is left, each of its {len(gone)} rows {remedy}")
    return left


def compare(train: list[dict], exact: dict, benchmarks: dict[str, str]) -> dict:
    """Compare what is left with each benchmark, one at a time: the report's entries."""
    overlaps = contamination.Overlaps(train)
    entries = {}
    for name, path in benchmarks.items():
        problems = read_problems(Path(path))
        overlapping, boilerplate, short = overlaps.find(problems)
        entries[name] = {
            "rows": len(problems),
            "short": short,
            "exact": len(exact["train"][name]),
            "exact_heldout": len(exact["heldout"][name]),
            "overlapping": len(overlapping),
            "share": len(overlapping) / len(problems),
            "mostly": sum(overlap.matched >= 0.5 for overlap in overlapping),
            "boilerplate_ngrams": boilerplate,
            "exact_pairs": exact["train"][name],
            "exact_heldout_pairs": exact["heldout"][name],
            "overlaps": [vars(overlap) for overlap in overlapping[:LISTED]],
        }
    return entries


def main(args: argparse.Namespace) -> None:
    benchmarks = cli.parse_pairs(args.benchmarks)
    for name in args.keep:
        if name not in benchmarks:
            raise InputError(f"--keep {name}: not among --benchmarks ({', '.join(benchmarks)})")
    train, heldout = read_problems(args.train), read_problems(args.heldout)
    exact = exact_matches(train, heldout, benchmarks)
    in_train = contamination.ExactMatcher(train).matches(heldout)
    gone = removed(exact["train"], args.keep)
    # Rows that equal a kept benchmark's may equal training rows too: the task trains on its test.
    kept_rows = {example for name in args.keep for example in exact["heldout"][name]}
    gone_heldout = removed(exact["heldout"], args.keep) | (set(in_train) - kept_rows)
    remedy = (
        f"equals a row of a benchmark; train on another split, or name the pair in "
        f"contamination.kept.{args.task} with a reason"
    )
    train_rows = without(args.train, gone, remedy)
    heldout_rows = without(args.heldout, gone_heldout, f"equals a training or a benchmark's row; {remedy}")
    report = {
        "task": args.task,
        "ngram": contamination.SIZE,
        "train": {"rows": len(train), "removed": sorted(gone), "left": len(train_rows)},
        "heldout": {
            "rows": len(heldout),
            "removed": sorted(gone_heldout),
            "left": len(heldout_rows),
            "equal_to_train": in_train,
        },
        "benchmarks": compare([row for row in train if row["example_id"] not in gone], exact, benchmarks),
    }
    json_file.write(args.report, report, ensure_ascii=False)
    print(
        f"{args.task}: removed {len(gone)} of {len(train)} training rows, "
        f"{len(gone_heldout)} of {len(heldout)} held-out rows"
    )
    facts = provenance.facts("decontaminate", task=args.task)
    for path, left in ((args.output, train_rows), (args.heldout_output, heldout_rows)):
        parquet.write(path, parquet.PREPARED, left, facts)


if __name__ == "__main__":
    cli.run(main, parser())
