"""Generate completions of all benchmarks by a model, or by checkpoints of a run, with one engine start."""

import argparse

from tms.generation import benchmarks
from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing
from tms.io import cli, parquet
from tms.io.errors import InputError
from tms.io.images import Images


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    benchmarks.add(flags)
    add = flags.add_argument
    add(
        "--max-new-tokens",
        nargs="+",
        required=True,
        metavar="N|NAME=N",
        help="longest completion: a number for all benchmarks, and NAME=N for one of them",
    )
    add("--samples", type=int, default=1, help="completions of each prompt")
    cli.add_images(flags)
    generation_flags.add(flags)
    generation_flags.add_simulator(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if args.samples < 1:
        raise InputError(f"--samples {args.samples}: give at least 1")
    names = list(cli.parse_pairs(args.benchmarks))
    longest = generation_flags.longest(args, names)
    examples = benchmarks.examples(args, [*parquet.EXAMPLES, "cluster"])
    engine, simulator = generation_flags.engine(args), generation_flags.simulator(args)
    models = benchmarks.models(args, Images(args.images))
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
    done = generate_missing(requests, engine, args.cache, simulator)
    settings = {request.rows[0]["benchmark"]: request.sampling for request in requests}
    used = list(models.values())
    generation_flags.write(args, "generate", done, used, engine, settings, simulator=simulator)


if __name__ == "__main__":
    cli.run(main, parser())
