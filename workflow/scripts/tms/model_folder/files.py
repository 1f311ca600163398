"""The files of a model folder beside its weights, and where they are copied: only those that are named here.

A folder can hold anything else (notes, an optimiser, code), and a link in it can lead to any file of a user.
"""

import shutil
from fnmatch import fnmatch
from pathlib import Path

from tms.io.errors import InputError

OF_AN_EXPORT = (  # its chat template comes from the tokenizer that is written for it
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "*.model",
    "LICENSE*",
    "NOTICE*",
    "Notice*",
    "USE_POLICY*",
)
OF_A_CHECKPOINT = (*OF_AN_EXPORT, "chat_template.jinja", "chat_template.json")


def named(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The files of these names, or patterns, in a folder, sorted.

    A link is taken for the file that it leads to where that lies in the folder too, or in the same model's
    `blobs` of the hub's cache, whose snapshots are links.

    Raises:
        InputError: one leads somewhere else.
    """
    home = folder.resolve()
    homes = [home, *([home.parents[1] / "blobs"] if home.parent.name == "snapshots" else [])]
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.is_file() and any(fnmatch(file.name, name) for name in names)
    ]
    for file in files:
        target = file.resolve()
        if not any(target.is_relative_to(place) for place in homes):
            raise InputError(
                f"{file}: a link that leads out of the model folder, to {target}, and would be copied into "
                f"checkpoints; put the file itself there (cp -L)"
            )
    return files


def copy(folder: Path, target: Path, names: tuple[str, ...]) -> None:
    """Copy the files of these names, or patterns, without their modes, which may forbid to write.

    Raises:
        InputError: as `named`.
    """
    for file in named(folder, names):
        shutil.copyfile(file, target / file.name)
