"""Sample the teacher's answers to the training and held-out prompts of a task."""

import argparse
from pathlib import Path

from tms import cost, generation_flags, program, provenance, rows
from tms.errors import InputError
from tms.generation import Order, fulfil, open_model


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--model", type=Path, required=True, help="folder of the teacher")
    flags.add_argument(
        "--examples", nargs="+", required=True, metavar="SPLIT=PATH", help="examples to answer, by split"
    )
    flags.add_argument("--task", required=True, help="task name, written to column `benchmark`")
    flags.add_argument("--tries", type=int, required=True, help="completions of each prompt")
    flags.add_argument("--max-new-tokens", type=int, required=True, help="longest completion")
    generation_flags.add(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if args.tries < 1:
        raise InputError(f"--tries {args.tries}: give at least 1")
    splits = program.parse_pairs(args.examples)
    wanted = [
        {**example, "benchmark": args.task, "split": split, "checkpoint": "", "sample": sample}
        for split, path in splits.items()
        for example in rows.read(Path(path), rows.EXAMPLES)
        for sample in range(args.tries)
    ]
    if not wanted:
        raise InputError(f"{', '.join(splits.values())}: no examples; prepare the task with a size above 0")
    engine = generation_flags.engine(args)
    model = open_model(args.model)
    sampling = generation_flags.sampling(args, args.max_new_tokens)
    done = fulfil([Order(model, sampling, args.seed, wanted, f"teacher {args.task}")], engine, args.store)
    facts = provenance.facts("teacher", **generation_flags.facts([model], engine, sampling))
    rows.write(args.output, rows.COMPLETIONS, done, facts)
    cost.write(args.cost, cost.of_completions(done))


if __name__ == "__main__":
    program.run(main, parser())
