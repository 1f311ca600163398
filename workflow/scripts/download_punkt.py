"""Fetch NLTK's punkt model, by which the official IFEval checker splits sentences and words."""

import argparse
import os
import shutil
from pathlib import Path

from tms.io import cli
from tms.io.errors import InputError

# The tables of punkt as plain text; the older `punkt` is a pickle, which can hold code.
MODEL = "punkt_tab"
REMEDY = (
    "unpack punkt_tab.zip of github.com/nltk/nltk_data in {} (or in data.root's nltk/tokenizers), so that "
    "its folder punkt_tab lies there; without it, leave out the prompts that need it (options: "
    "{{sentences: false}} of the task), or take ifeval out of the suite"
)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data-root", type=Path, help="folder of local copies, with nltk/tokenizers/punkt_tab"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder tokenizers/punkt_tab to make")
    return parser


def main(args: argparse.Namespace) -> None:
    """Copy it from the local copies where they hold it, else download it."""
    local = args.data_root and args.data_root / "nltk" / "tokenizers" / MODEL
    if local and local.is_dir():
        shutil.copytree(local, args.output, copy_function=shutil.copyfile)
        return
    if os.environ.get("HF_HUB_OFFLINE", "0") != "0":
        raise InputError(
            f"NLTK's {MODEL} is wanted, but HF_HUB_OFFLINE forbids the network; "
            f"{REMEDY.format(args.output.parent)}"
        )
    from nltk.downloader import Downloader

    folder = args.output.parent.parent
    Downloader(download_dir=str(folder)).download(MODEL, quiet=True)
    if not args.output.is_dir():
        raise InputError(
            f"NLTK's {MODEL} cannot be downloaded; connect and try again, or "
            f"{REMEDY.format(args.output.parent)}"
        )
    args.output.with_name(f"{MODEL}.zip").unlink(missing_ok=True)


if __name__ == "__main__":
    cli.run(main, parser())
