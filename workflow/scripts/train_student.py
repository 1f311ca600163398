"""Fine-tune theta_0 on a mixture (Algorithm 1), row by row in its order."""

import argparse
from pathlib import Path

from tms.io import cli, parquet
from tms.io.errors import InputError
from tms.training import examples, program, replay_flags
from tms.training.settings import add_flags


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--mixture", type=Path, required=True, help="Parquet file of mixture rows")
    add_flags(flags)
    program.add_row_flags(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    mixture = [row for row in parquet.read(args.mixture, parquet.MIXTURE) if row["split"] == "train"]
    if not mixture:
        raise InputError(f"{args.mixture}: no row of split train; look at the plan that it was built from")
    if args.max_steps is not None and len(mixture) != (visits := args.max_steps * args.effective_batch):
        raise InputError(
            f"{args.mixture}: {len(mixture)} training rows are not the {visits} of --max-steps x "
            f"--effective-batch; build it again with the same"
        )
    if args.max_steps is None and len(mixture) % args.epochs:
        raise InputError(
            f"{args.mixture}: {len(mixture)} training rows are no multiple of {args.epochs} (--epochs); "
            f"build it again with the same"
        )
    replay = replay_flags.replay(args)
    program.train_on_rows(
        args,
        "train_student",
        args.mixture,
        len(mixture) // args.epochs,
        lambda encoder, _: examples.from_mixture(mixture, encoder, args.max_new_tokens, replay),
        parquet.provenance(args.mixture).get("plan", {}).get("alpha"),
    )


if __name__ == "__main__":
    cli.run(main, parser())
