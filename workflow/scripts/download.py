"""Download a model folder from the Hugging Face hub, at a pinned revision."""

import argparse
import shutil
from pathlib import Path

from tms.io import cli
from tms.io.errors import InputError, first_line
from tms.model_folder.digest import write_digest

# Weights as safetensors only: other formats can hold code.
WANTED = [
    "*.safetensors",
    "*.safetensors.index.json",
    "*.json",
    "*.jinja",
    "*.txt",
    "*.model",
    "LICENSE*",
    "README.md",
]
UNWANTED = ["original/*", "*/*"]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--repo", required=True, help="id on the hub, e.g. Qwen/Qwen2.5-3B-Instruct")
    add("--revision", required=True, help="commit (40 hex digits)")
    add("--output", type=Path, required=True, help="model folder to make")
    return parser


def main(args: argparse.Namespace) -> None:
    """Download into a folder beside the output, which resumes, and move it into place when it is whole."""
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    remedy = (
        "or put the model's files into a folder of your own and name it in the config (models.*.base, "
        "teachers.*.model, judges.*.model)"
    )
    name = f"{args.repo} at {args.revision[:12]}"
    unfinished = args.output.with_name(f"{args.output.name}-{args.revision[:12]}.unfinished")
    try:
        snapshot_download(
            args.repo,
            revision=args.revision,
            local_dir=unfinished,
            allow_patterns=WANTED,
            ignore_patterns=UNWANTED,
        )
    except GatedRepoError as error:
        raise InputError(
            f"{name}: access is gated; accept the terms on its page on the hub and "
            f"`.venv/bin/hf auth login`, {remedy}"
        ) from error
    except RepositoryNotFoundError as error:
        raise InputError(
            f"{name}: the hub shows no such model; `.venv/bin/hf auth login` if it is private, else correct "
            f"`downloads`, {remedy}"
        ) from error
    except (httpx.HTTPError, OSError) as error:
        raise InputError(
            f"{name}: cannot be downloaded ({first_line(error)}); try again (it resumes), {remedy}"
        ) from error
    shutil.rmtree(unfinished / ".cache", ignore_errors=True)
    write_digest(unfinished)
    unfinished.rename(args.output)


if __name__ == "__main__":
    cli.run(main, parser())
