"""Average the base's weights with those of a trained run: theta_0 + share (theta - theta_0)."""

import argparse
from pathlib import Path

from tms.io import cli, cost, disk, json_file
from tms.io.errors import InputError
from tms.io.work_time import WorkTime
from tms.mixture import checkpoints
from tms.model_folder.whole import open_weights


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--model", type=Path, required=True, help="model folder of theta_0")
    add(
        "--trained",
        type=Path,
        nargs="+",
        required=True,
        help="checkpoint of the run, of weights or of LoRA adapters; of several of weights, their mean",
    )
    add("--share", type=float, required=True, help="of the run's weights, above 0 and at most 1")
    add("--threads", type=int, required=True, help="CPU threads")
    add("--output", type=Path, required=True, help="model folder to make")
    add("--updates", type=Path, required=True, help="how far its weights are from theta_0 (JSON)")
    add("--cost", type=Path, required=True, help="what it cost (JSON)")
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if not 0 < args.share <= 1 or (args.share == 1 and len(args.trained) == 1):
        raise InputError(f"--share {args.share}: give a number between 0 (the base) and 1 (the run)")
    for folder in (args.model, *args.trained):
        open_weights(folder)
    size = sum(file.stat().st_size for file in args.trained[0].glob("*.safetensors"))
    disk.check_room(args.output.parent, size, "the average")
    work_time = WorkTime(args.threads)

    # Imported here, after the checks that need none of it.
    import torch

    from tms.training import average

    torch.set_num_threads(args.threads)
    measured = average.write(args.model, args.trained, args.share, args.output)
    json_file.write(args.updates, {checkpoints.FINAL: measured})
    cost.write(args.cost, cost.Cost(seconds=round(work_time.seconds, 3)))


if __name__ == "__main__":
    cli.run(main, parser())
