"""Generate completions of all benchmarks by a model, or by checkpoints of a run, with one engine start."""

import argparse
from pathlib import Path

from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing, open_model
from tms.io import cli, parquet
from tms.io.errors import InputError


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    model = flags.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", type=Path, help="folder of the model")
    model.add_argument(
        "--checkpoints",
        nargs="+",
        metavar="POINT=FOLDER",
        help="several checkpoints of a run instead; column `checkpoint` has the point",
    )
    add("--benchmarks", nargs="+", required=True, metavar="NAME=PATH", help="examples of each benchmark")
    add("--limits", nargs="*", default=[], metavar="NAME=N", help="use the first N examples of a benchmark")
    add(
        "--max-new-tokens",
        nargs="+",
        required=True,
        metavar="N|NAME=N",
        help="longest completion: a number for all benchmarks, and NAME=N for one of them",
    )
    add("--samples", type=int, default=1, help="completions of each prompt")
    generation_flags.add(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if args.samples < 1:
        raise InputError(f"--samples {args.samples}: give at least 1")
    paths = cli.parse_pairs(args.benchmarks)
    names = list(paths)
    limits = generation_flags.per_benchmark(args.limits, "--limits", names)
    longest = generation_flags.longest(args, names)
    examples = {
        name: parquet.read(Path(path), parquet.EXAMPLES)[: limits.get(name)] for name, path in paths.items()
    }
    if empty := [name for name in names if not examples[name]]:
        raise InputError(f"{paths[empty[0]]}: no examples; prepare {empty[0]} with a size above 0")
    engine = generation_flags.engine(args)
    folders = cli.parse_pairs(args.checkpoints) if args.checkpoints else {"": args.model}
    models = {point: open_model(Path(folder)) for point, folder in folders.items()}
    requests = [
        Request(
            model,
            generation_flags.sampling(args, longest[name]),
            args.seed,
            [
                {**example, "benchmark": name, "split": "test", "checkpoint": point, "sample": sample}
                for example in examples[name]
                for sample in range(args.samples)
            ],
            f"generate {name} {point}".strip(),
        )
        for point, model in models.items()
        for name in names
    ]
    done = generate_missing(requests, engine, args.cache)
    settings = {request.rows[0]["benchmark"]: request.sampling for request in requests}
    generation_flags.write(args, "generate", done, list(models.values()), engine, settings)


if __name__ == "__main__":
    cli.run(main, parser())
