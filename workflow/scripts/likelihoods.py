"""Measure how likely a model, or checkpoints of a run, find the choices of questions, by forward passes."""

import argparse
from pathlib import Path

from tms.generation import benchmarks
from tms.generation import flags as generation_flags
from tms.io import cli, cost, interrupts, parquet, provenance
from tms.metrics.likelihoods import score_missing


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    benchmarks.add(flags)
    add = flags.add_argument
    add("--threads", type=int, required=True, help="CPU threads; the last bits depend on it")
    add("--cache", type=Path, required=True, help="folder of the completion cache")
    add("--output", type=Path, required=True, help="log-probabilities of each row's choices (Parquet)")
    add("--cost", type=Path, required=True, help="what they cost (JSON)")
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    examples = benchmarks.examples(args, [*parquet.EXAMPLES, "problem", "cluster"])
    models = benchmarks.models(args)
    interrupts.leave_on_sigterm()
    rows = [
        row
        for point, model in models.items()
        for row in score_missing(
            [
                example | {"benchmark": name, "checkpoint": point, "sample": 0}
                for name in examples
                for example in examples[name]
            ],
            model,
            args.cache,
            f"likelihoods {point}".strip(),
            args.threads,
        )
    ]
    facts = provenance.facts("likelihoods", **generation_flags.model_facts([*models.values()]))
    parquet.write(args.output, parquet.LIKELIHOODS, rows, facts)
    cost.write(args.cost, cost.Cost(seconds=round(sum(row["seconds"] for row in rows), 3)))


if __name__ == "__main__":
    cli.run(main, parser())
