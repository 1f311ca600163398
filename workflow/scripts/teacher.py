"""Sample the teacher's answers to a task's prompts, or take the data set's own worked solutions."""

import argparse
from pathlib import Path

from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing, open_model
from tms.io import cli, cost, parquet, provenance
from tms.io.errors import InputError


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--model", type=Path, help="folder of the teacher")
    add("--solutions", action="store_true", help="no model: take the worked solutions that the data set has")
    add("--examples", nargs="+", required=True, metavar="SPLIT=PATH", help="examples to answer, by split")
    add("--task", required=True, help="task name, written to column `benchmark`")
    add("--tries", type=int, default=1, help="completions of each prompt")
    add("--max-new-tokens", type=int, required=True, help="longest completion")
    generation_flags.add(flags)
    return flags


def solutions(wanted: list[dict], args: argparse.Namespace) -> list[dict]:
    """Rows whose completion is the worked solution of the data set.

    Raises:
        InputError: the task's data set has none.
    """
    if without := [row["example_id"] for row in wanted if not row["solution"]]:
        raise InputError(
            f"task {args.task}: {len(without)} of {len(wanted)} rows have no worked solution (first "
            f"{without[0]}); name a teacher with a model in models.*.teacher"
        )
    given = {"completion_ids": [], "finish_reason": "stop", "seconds": 0.0, "seed": args.seed}
    return [row | given | {"completion": row["solution"]} for row in wanted]


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if args.tries < 1:
        raise InputError(f"--tries {args.tries}: give at least 1")
    if bool(args.model) == args.solutions:
        raise InputError("--model, --solutions: give one of the two")
    splits = cli.parse_pairs(args.examples)
    wanted = [
        {**example, "benchmark": args.task, "split": split, "checkpoint": "", "sample": sample}
        for split, path in splits.items()
        for example in parquet.read(Path(path), parquet.PREPARED)
        for sample in range(args.tries)
    ]
    if not wanted:
        raise InputError(f"{', '.join(splits.values())}: no examples; prepare the task with a size above 0")
    if args.solutions:
        parquet.write(
            args.output,
            parquet.COMPLETIONS,
            solutions(wanted, args),
            provenance.facts("teacher", solutions=True),
        )
        cost.write(args.cost, cost.Cost())
        return
    engine = generation_flags.engine(args)
    model = open_model(args.model)
    sampling = generation_flags.sampling(args, args.max_new_tokens)
    request = Request(model, sampling, args.seed, wanted, f"teacher {args.task}")
    done = generate_missing([request], engine, args.cache)
    generation_flags.write(args, "teacher", done, [model], engine, sampling)


if __name__ == "__main__":
    cli.run(main, parser())
