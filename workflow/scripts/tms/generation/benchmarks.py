"""Flags that name benchmarks, how many examples of each, and the model or checkpoints that meet them."""

import argparse
from pathlib import Path

from tms.generation import flags as generation_flags
from tms.generation.generate import ModelFolder, open_model
from tms.io import cli, parquet
from tms.io.errors import InputError
from tms.io.images import Images


def add(flags: argparse.ArgumentParser) -> None:
    """Add the flags."""
    model = flags.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", type=Path, help="folder of the model")
    model.add_argument(
        "--checkpoints",
        nargs="+",
        metavar="POINT=FOLDER",
        help="several checkpoints of a run instead; column `checkpoint` has the point",
    )
    add = flags.add_argument
    add("--benchmarks", nargs="+", required=True, metavar="NAME=PATH", help="examples of each benchmark")
    add("--limits", nargs="*", default=[], metavar="NAME=N", help="use the first N examples of a benchmark")


def examples(args: argparse.Namespace, columns: list[str]) -> dict[str, list[dict]]:
    """Read the examples of each benchmark, as many as its limit says.

    Raises:
        InputError: a limit is wrong, or a file cannot be read or holds none.
    """
    paths = cli.parse_pairs(args.benchmarks)
    limits = generation_flags.per_benchmark(args.limits, "--limits", list(paths))
    found = {name: parquet.read(Path(path), columns)[: limits.get(name)] for name, path in paths.items()}
    if empty := [name for name in paths if not found[name]]:
        raise InputError(f"{paths[empty[0]]}: no examples; prepare {empty[0]} with a size above 0")
    return found


def models(args: argparse.Namespace, images: Images | None = None) -> dict[str, ModelFolder]:
    """The models by checkpoint, which read the images of the examples; "" for the only one."""
    folders = cli.parse_pairs(args.checkpoints) if args.checkpoints else {"": args.model}
    return {point: open_model(Path(folder), images=images) for point, folder in folders.items()}
