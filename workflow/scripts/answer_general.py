"""Let a base model answer general prompts once, for the methods that replay them."""

import argparse
from pathlib import Path

from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing, open_model
from tms.io import cli, parquet
from tms.io.errors import InputError
from tms.io.images import Images
from tms.mixture.checkpoints import BASE


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--model", type=Path, required=True, help="folder of the base")
    add("--examples", type=Path, required=True, help="prompts to answer (Parquet)")
    add("--task", required=True, help="their task, written to column `benchmark`")
    add(
        "--max-new-tokens",
        type=int,
        required=True,
        help="longest completion",
    )
    cli.add_images(flags)
    generation_flags.add(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    wanted = [
        {**example, "benchmark": args.task, "split": "train", "checkpoint": BASE, "sample": 0}
        for example in parquet.read(args.examples, parquet.EXAMPLES)
    ]
    if not wanted:
        raise InputError(f"{args.examples}: no examples; prepare the task with a size above 0")
    engine, model = generation_flags.engine(args), open_model(args.model, images=Images(args.images))
    sampling = generation_flags.sampling(args, args.max_new_tokens)
    request = Request(model, sampling, args.seed, wanted, f"general prompts {args.task}")
    done = generate_missing([request], engine, args.cache)
    generation_flags.write(args, "answer_general", done, [model], engine, sampling)


if __name__ == "__main__":
    cli.run(main, parser())
