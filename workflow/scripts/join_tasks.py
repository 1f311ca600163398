"""Join the rows of several tasks, on which one model is trained: a joint target's."""

import argparse
import hashlib
from pathlib import Path

from tms.io import cli, parquet, provenance

COLUMNS = {"references": parquet.REFERENCES, "examples": parquet.PREPARED}


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--tasks", nargs="+", required=True, metavar="TASK=PATH", help="rows of each task")
    add("--rows", choices=[*COLUMNS], required=True, help="what the rows are")
    add("--output", type=Path, required=True, help="all of them, each with its task in column `benchmark`")
    return flags


def joined(rows: dict[str, list[dict]]) -> list[dict]:
    """The rows of all tasks, named `{task}/{example_id}` and sorted by a hash of that name.

    Names of one task may recur in another. The hash mixes the tasks, so that the first rows, which KL takes,
    are a fair sample of all; training has an order of its own (`tms.mixture.schedule.visits`).

    Args:
        rows: of each task, with column `benchmark`.
    """
    named = [row | {"example_id": f"{task}/{row['example_id']}"} for task in rows for row in rows[task]]
    return sorted(named, key=lambda row: hashlib.sha256(row["example_id"].encode()).digest())


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    columns, paths = COLUMNS[args.rows], cli.parse_pairs(args.tasks)
    rows = {task: parquet.read(Path(path), columns, benchmark=task) for task, path in paths.items()}
    inputs = {task: parquet.provenance(Path(path)) for task, path in paths.items()}
    facts = provenance.facts("join_tasks", tasks=inputs)
    parquet.write(args.output, [*columns, "benchmark"], joined(rows), facts)
    print(f"{args.output}: {', '.join(f'{len(of_task)} of {task}' for task, of_task in rows.items())}")


if __name__ == "__main__":
    cli.run(main, parser())
