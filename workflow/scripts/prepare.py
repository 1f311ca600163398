"""Prepare one split of one task: its prompts and gold answers."""

import argparse
import json
from collections import Counter
from pathlib import Path

from tms.data.golds import check_golds
from tms.data.records.content import content
from tms.data.splits import SPLITS
from tms.io import cli, machine, parquet
from tms.io.conversation import check_contexts
from tms.io.errors import InputError
from tms.io.images import check_images
from tms.io.modules import load_module, told
from tms.io.provenance import facts


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--task", required=True, help="the task's name in the config")
    add("--kind", required=True, help="module under tms/tasks that knows how to build it")
    add("--split", required=True, choices=SPLITS, help="which split")
    add("--size", type=int, required=True, help="number of rows")
    add("--seed", type=int, default=0, help="seed of the rows drawn")
    add("--options", type=json.loads, default={}, help="the kind's options, JSON")
    add("--data-root", type=Path, help="folder of local benchmark files, for kinds that read them")
    add(
        "--read-by",
        metavar="GRADER",
        help="the task's grader, which has to be able to read the gold answers; changes no row",
    )
    add("--contents", nargs="*", default=[], metavar="SHA256=FILE", help="files of the user's that are read")
    add("--output", type=Path, required=True, help="Parquet file to write")
    return parser


def main(args: argparse.Namespace) -> None:
    """Build the rows and write them."""
    task = load_module("tasks", args.kind)
    for digest, file in cli.parse_pairs(args.contents).items():
        if content(file) != digest:
            raise InputError(f"{file} was edited after the run had been planned; run the same command again")
    try:
        examples = task.build(args.split, args.size, args.seed, args.options, args.data_root)
    except InputError as error:
        lines = [f"tasks.{args.task}.{args.split}: {line}" for line in str(error).splitlines()]
        raise InputError("\n".join(lines)) from error
    except Exception as error:
        # A network's errors have numbers too, and are the task's own.
        refused = None if isinstance(error, ConnectionError | TimeoutError) else machine.refused(error)
        raise InputError(
            f"tasks.{args.task}.{args.split}: {refused or f'{told(error)}; correct it'}"
        ) from error
    file = f"workflow/scripts/tms/tasks/{args.kind}.py"
    if not isinstance(examples, list) or not all(isinstance(row, dict) for row in examples):
        raise InputError(
            f"{file}: build gave a {type(examples).__name__}; it has to be a list of dictionaries"
        )
    if len(examples) != args.size:
        raise InputError(
            f"tasks.{args.task}.{args.split}: {args.size} rows asked for, but build of {file} gave "
            f"{len(examples)}; set it to that, or correct build"
        )
    (name, count), *_ = Counter(row.get("example_id") for row in examples).most_common(1) or [("", 0)]
    if count > 1:
        raise InputError(f"tasks.{args.task}.{args.split}: {count} rows have the example_id {name!r}")
    for row in examples:
        needed = [name for name in parquet.PREPARED if name not in parquet.DEFAULTS]
        missing = [name for name in needed if not isinstance(row.get(name), str)]
        missing += ["cluster"] if not isinstance(row.get("cluster", ""), str) else []
        if missing:
            raise InputError(
                f"{file}: row {row.get('example_id')!r} lacks {', '.join(missing)} "
                f"(texts); docs/extending.md, A task, lists them"
            )
    check_contexts(examples, f"tasks.{args.task}.{args.split}")
    check_images(examples, f"tasks.{args.task}.{args.split}")
    if args.read_by:
        check_golds(examples, args.read_by, f"tasks.{args.task}.{args.split}")
    some = [name for name in ("images", "cluster") if any(row.get(name) for row in examples)]
    parquet.write(args.output, [*parquet.PREPARED, *some], examples, facts("prepare", task=args.task))


if __name__ == "__main__":
    cli.run(main, parser())
