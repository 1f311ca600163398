"""Sample the teacher's answers to a task's prompts, or take the data's own."""

import argparse
from pathlib import Path

from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing, open_model
from tms.io import cli, cost, parquet, provenance
from tms.io.errors import InputError
from tms.io.images import Images


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--model", type=Path, help="folder of the teacher")
    add("--given", action="store_true", help="no model: take the data's own answers")
    add("--examples", nargs="+", required=True, metavar="SPLIT=PATH", help="examples to answer, by split")
    add("--task", required=True, help="task name, written to column `benchmark`")
    add("--tries", type=int, default=1, help="completions of each prompt")
    add("--max-new-tokens", type=int, required=True, help="longest completion")
    cli.add_images(flags)
    generation_flags.add(flags)
    generation_flags.add_simulator(flags)
    return flags


def given(wanted: list[dict], args: argparse.Namespace) -> list[dict]:
    """Rows whose completion is the data's own answer.

    Raises:
        InputError: rows have none.
    """
    if without := [row["example_id"] for row in wanted if not row["solution"]]:
        raise InputError(
            f"task {args.task}: {len(without)} of {len(wanted)} rows have no answer of their own to train "
            f"on (first {without[0]}); name a teacher with a model in models.*.teacher"
        )
    rest = {"completion_ids": [], "finish_reason": "stop", "seconds": 0.0, "seed": args.seed}
    return [row | rest | {"completion": row["solution"]} for row in wanted]


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if args.tries < 1:
        raise InputError(f"--tries {args.tries}: give at least 1")
    if bool(args.model) == args.given:
        raise InputError("--model, --given: give one of the two")
    splits = cli.parse_pairs(args.examples)
    wanted = [
        {**example, "benchmark": args.task, "split": split, "checkpoint": "", "sample": sample}
        for split, path in splits.items()
        for example in parquet.read(Path(path), parquet.PREPARED)
        for sample in range(args.tries)
    ]
    if not wanted:
        raise InputError(f"{', '.join(splits.values())}: no examples; prepare the task with a size above 0")
    if args.given:
        parquet.write(
            args.output,
            parquet.COMPLETIONS,
            given(wanted, args),
            provenance.facts("teacher", given=True),
        )
        cost.write(args.cost, cost.Cost())
        return
    engine, simulator = generation_flags.engine(args), generation_flags.simulator(args)
    model = open_model(args.model, images=Images(args.images))
    sampling = generation_flags.sampling(args, args.max_new_tokens)
    request = Request(model, sampling, args.seed, wanted, f"teacher {args.task}")
    done = generate_missing([request], engine, args.cache, simulator)
    generation_flags.write(args, "teacher", done, [model], engine, sampling, simulator=simulator)


if __name__ == "__main__":
    cli.run(main, parser())
