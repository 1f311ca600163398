"""Fine-tune theta_0 on the teacher's verified references, saving checkpoints."""

import argparse
from pathlib import Path

from tms.io import cli, parquet
from tms.training import examples, program, replay_flags
from tms.training.settings import add_flags


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--references", type=Path, required=True, help="Parquet file of verified references")
    flags.add_argument("--turn", type=int, help="tokens of a turn, for which each prompt has to leave room")
    flags.add_argument(
        "--heldout", type=Path, help="prompts that have to leave it too: they are sampled later"
    )
    add_flags(flags)
    program.add_row_flags(flags)
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    references, replay = parquet.read_references(args.references), replay_flags.replay(args)
    heldout = parquet.read(args.heldout, parquet.EXAMPLES) if args.heldout else []

    def training_set(encoder, visits: int) -> examples.TrainingSet:
        if args.turn:
            examples.check_turns([*references, *heldout], encoder, args.turn)
        return examples.from_references(references, encoder, visits, args.seed, args.max_new_tokens, replay)

    program.train_on_rows(args, "train_sft", args.references, len(references), training_set)


if __name__ == "__main__":
    cli.run(main, parser())
