"""Files of a model folder beside its weights (configuration, tokenizer, template), known by their digests.

A tokenizer with one changed letter gives other token ids, and a configuration another model, without a word.
"""

from pathlib import Path

from tms.io.errors import InputError
from tms.io.work_folder import file_digest

SUFFIXES = {".json", ".jinja", ".txt", ".model"}


def digests(folder: Path, left_out: set[str]) -> dict[str, str]:
    """SHA-256 (hex) of each of a model folder's files that a model is read from, but for its weights.

    Args:
        folder: model folder.
        left_out: names of records that programs keep there.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and file.name not in left_out)
    return {file.name: file_digest(file) for file in files if file.is_file()}


def check(folder: Path, recorded: dict[str, str], record: str, again: str) -> None:
    """Compare a folder's files with their recorded digests; files that came later are not looked at.

    Args:
        folder: model folder.
        recorded: of `digests`.
        record: name of the record's file.
        again: words for making the folder again.

    Raises:
        InputError: one is missing or another.
    """
    for name, digest in recorded.items():
        file = folder / name
        if not file.exists():
            raise InputError(f"{file}: no such file, which {record} beside it names; {again}")
        if file_digest(file) != digest:
            raise InputError(
                f"{file}: not the file that {record} beside it records; {again} (or delete {record}, if it "
                f"was changed on purpose)"
            )
