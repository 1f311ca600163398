"""Record of a pretraining: all that its models depend on, how and where they were made, and their digests.

The repository ships the models of each pretraining. They are copied where settings, corpus and code are still
those of the record; else models are pretrained anew, so no edit goes on with models of older code.
"""

import argparse
import hashlib
import json
import os
import platform
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tms.io import json_file, provenance
from tms.io.code_digest import body_digest
from tms.io.errors import InputError
from tms.io.processor import processor_name
from tms.io.whole_file import write_text
from tms.miniature import flags
from tms.model_folder.digest import compute_digest, weights_digest

NAME = "pretrain.json"
DRAWN = 500  # pairs or conversations of each stream of a corpus that enter its digest


class Corpus(Protocol):
    """The corpus that a pretraining draws from, with the modules of its training."""

    CODE: tuple[str, ...]

    def samples(self, seed: int, size: int) -> list[list]:
        """The first items of every kind of stream that the pretraining draws from."""


def causes(settings: dict, corpus: Corpus) -> dict:
    """All that the models depend on, but for the CPU: settings, corpus, and code of the training.

    Args:
        settings: flags of the pretraining.
        corpus: compared by what it draws, unlike the code.
    """
    folder = Path(__file__).parent
    drawn = json.dumps(corpus.samples(settings["seed"], DRAWN))
    return {
        "settings": settings,
        "corpus": hashlib.sha256(drawn.encode()).hexdigest(),
        "code": {name: body_digest(folder / f"{name}.py") for name in corpus.CODE},
    }


def changed(folder: Path, wanted: dict) -> list[str]:
    """Names of the causes in which models that are shipped in a folder differ from those that are wanted.

    Raises:
        InputError: the folder has no readable record.
    """
    record = read(folder)
    return [name for name, cause in wanted.items() if record.get(name) != cause]


def read(folder: Path) -> dict:
    """Read the record of a folder.

    Raises:
        InputError: it is missing or no JSON.
    """
    return json_file.read(folder / NAME, "record of a pretraining", "pretrain again")


def write(path: Path, wanted: dict, folders: dict[str, Path]) -> None:
    """Write the record of models that were just made.

    Args:
        path: JSON file.
        wanted: of `causes`.
        folders: model -> its folder.
    """
    import torch

    facts = provenance.facts("pretrain")
    record = wanted | {
        "weights": {name: weights_digest(folder) for name, folder in folders.items()},
        "command": shlex.join(facts["command"]),
        "machine": {
            "cpu": processor_name(),
            "cores": os.cpu_count(),
            "kernels": torch.backends.cpu.get_cpu_capability(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "versions": {name: facts["versions"][name] for name in ("torch", "transformers", "numpy")},
    }
    write_text(path, json.dumps(record, indent=1) + "\n")  # it is committed too


def make(
    args: argparse.Namespace, corpus: Corpus, folders: dict[str, Path], pretrain: Callable[[], None]
) -> None:
    """Pretrain models and write their record, or copy shipped models that are the same.

    Args:
        args: flags of the pretraining.
        corpus: that it draws from.
        folders: model -> its folder.
        pretrain: writes the models.
    """
    wanted = causes(flags.settings(args), corpus)
    if args.shipped:
        if not (differing := changed(args.shipped, wanted)):
            copy(args.shipped, folders, args.record)
            print(f"copied from {args.shipped}, where the result of this pretraining is shipped")
            return
        print(f"{args.shipped}: other {', '.join(differing)} than now; pretraining anew")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # its threads do not survive the fork
    pretrain()
    write(args.record, wanted, folders)


def copy(source: Path, folders: dict[str, Path], record: Path) -> None:
    """Copy models and their record.

    Args:
        source: folder with a folder for each of them, and their record.
        folders: where each of them goes.
        record: where the record goes.

    Raises:
        InputError: weights in `source` that are not those of its record.
    """
    weights = read(source)["weights"]
    for name, folder in folders.items():
        if compute_digest(source / name) != weights[name]:
            raise InputError(
                f"{source / name}: not the weights of {source / NAME}; restore the folder (git checkout), or "
                f"pretrain (make pretrain)"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for file in (source / name).iterdir():
            shutil.copyfile(file, folder / file.name)
    shutil.copyfile(source / NAME, record)
