"""Stop where too much of a benchmark is in a task's training rows; report each benchmark's share.

A stage of its own, so that another limit or reason makes nothing stale that was trained on the same rows.
"""

import argparse
from pathlib import Path

from tms.data.contamination.report import BLOCKED, COLUMNS, outcome, read_report, table_row
from tms.io import cli, json_file
from tms.io.csv_file import write_csv
from tms.io.errors import InputError


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--report", type=Path, required=True, help="the report of decontaminate")
    add(
        "--max-share",
        type=float,
        required=True,
        help="share of a benchmark's rows that may have 13 words in a row, or all of theirs, in common with "
        "training rows",
    )
    add(
        "--accept",
        nargs="*",
        default=[],
        metavar="BENCHMARK=REASON",
        help="benchmarks that may exceed the share",
    )
    add(
        "--keep",
        nargs="*",
        default=[],
        metavar="BENCHMARK=REASON",
        help="benchmarks whose equal rows stayed in training (and that may exceed the share)",
    )
    add("--output", type=Path, required=True, help="output: contamination.json")
    add("--table", type=Path, required=True, help="output: contamination.csv")
    return parser


def read_reasons(flag: str, pairs: list[str], benchmarks: dict[str, dict]) -> dict[str, str]:
    """Read `BENCHMARK=REASON` arguments.

    Raises:
        InputError: a benchmark was not compared, or a reason is empty.
    """
    reasons = cli.parse_pairs(pairs)
    for name, reason in reasons.items():
        if name not in benchmarks:
            raise InputError(f"{flag} {name}: not among the benchmarks ({', '.join(benchmarks)}); correct it")
        if not reason.strip():
            raise InputError(f"{flag} {name}: the reason is empty; say why this pair is accepted")
    return {name: " ".join(reason.split()) for name, reason in reasons.items()}


def main(args: argparse.Namespace) -> None:
    report = read_report(args.report)
    task, benchmarks = report["task"], report["benchmarks"]
    accepted = read_reasons("--accept", args.accept, benchmarks)
    kept = read_reasons("--keep", args.keep, benchmarks)
    entries = {}
    for name, counts in benchmarks.items():
        word, reason = outcome(counts["share"], args.max_share, accepted.get(name), kept.get(name))
        numbers = {column: counts[column] for column in COLUMNS if column in counts}
        entries[name] = numbers | {"outcome": word, "reason": reason}
    lines = [table_row(task, name, entry) for name, entry in entries.items()]
    for line in [dict(zip(COLUMNS, COLUMNS, strict=True)), *lines]:
        print("\t".join(str(value) for value in line.values()), flush=True)
    blocked = [
        f"{name} {entry['share']:.1%}" for name, entry in entries.items() if entry["outcome"] == BLOCKED
    ]
    if blocked:
        raise InputError(
            f"{task}: over {args.max_share:.1%} of the rows share 13 words or all of theirs with training in "
            f"{', '.join(blocked)}; see {args.report}, then accept the pair in contamination.accepted.{task} "
            f"with a reason, or drop the task or the benchmark"
        )
    write_csv(args.table, COLUMNS, lines)
    json_file.write(args.output, {"task": task, "max_share": args.max_share, "benchmarks": entries})


if __name__ == "__main__":
    cli.run(main, parser())
