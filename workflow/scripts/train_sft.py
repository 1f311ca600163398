"""Fine-tune theta_0 on the teacher's verified references, saving checkpoints."""

import argparse
from pathlib import Path

from tms import program, rows, supervision, training_run
from tms.errors import InputError


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--references", type=Path, required=True, help="Parquet file of verified references")
    training_run.add_flags(flags)
    training_run.add_loss_flags(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    references = rows.read(args.references, rows.REFERENCES)
    if not references:
        raise InputError(f"{args.references}: no references; look at the filter's rejects beside it")
    training_run.execute(
        args,
        "train_sft",
        args.references,
        len(references),
        lambda encoder, visits: supervision.from_references(
            references, encoder, visits, args.seed, args.max_new_tokens
        ),
    )


if __name__ == "__main__":
    program.run(main, parser())
