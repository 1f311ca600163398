"""Record of a pretraining: all that its models depend on, how and where they were made, and their digests.

The repository ships the models of one pretraining. They are copied where settings, corpus and code are still
those of the record; else models are pretrained anew, so no edit goes on with models of older code.
"""

import hashlib
import json
import os
import platform
import shlex
import shutil
from itertools import islice
from pathlib import Path

from tms.io import json_file, provenance
from tms.io.code_digest import body_digest
from tms.io.errors import InputError
from tms.io.whole_file import write_text
from tms.miniature.corpus import Corpus
from tms.mixture import checkpoints

NAME = "pretrain.json"
MODELS = ("base", "teacher")
CODE = ("muon", "pretraining", "tokenizer")  # modules; the corpus is compared by what it draws
PAIRS = 500


def causes(settings: dict) -> dict:
    """All that the models depend on, but for the CPU: settings, corpus, and code of the training."""
    folder = Path(__file__).parent
    return {
        "settings": settings,
        "corpus": corpus_digest(settings["tasks"], settings["seed"]),
        "code": {name: body_digest(folder / f"{name}.py") for name in CODE},
    }


def corpus_digest(tasks: dict, seed: int) -> str:
    """SHA-256 (hex) of the first pairs of every kind of stream that a pretraining draws from."""
    corpus = Corpus(tasks)
    streams = (
        corpus.base_pairs(str(seed)),
        corpus.base_pairs(str(seed), PAIRS),
        corpus.worked_pairs(str(seed)),
    )
    pairs = [list(islice(stream, PAIRS)) for stream in streams]
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


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
        folders: model folder of each of `MODELS`.
    """
    import torch

    facts = provenance.facts("pretrain")
    record = wanted | {
        "weights": {name: checkpoints.weights_digest(folder) for name, folder in folders.items()},
        "command": shlex.join(facts["command"]),
        "machine": {
            "cpu": _cpu_model(),
            "cores": os.cpu_count(),
            "kernels": torch.backends.cpu.get_cpu_capability(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "versions": {name: facts["versions"][name] for name in ("torch", "transformers", "numpy")},
    }
    write_text(path, json.dumps(record, indent=1) + "\n")  # it is committed too


def copy(source: Path, folders: dict[str, Path], record: Path) -> None:
    """Copy models and their record.

    Args:
        source: folder with a folder for each of `MODELS`, and their record.
        folders: where each of them goes.
        record: where the record goes.

    Raises:
        InputError: weights in `source` that are not those of its record.
    """
    weights = read(source)["weights"]
    for name, folder in folders.items():
        if checkpoints.compute_digest(source / name) != weights[name]:
            raise InputError(
                f"{source / name}: not the weights of {source / NAME}; restore the folder (git checkout), or "
                f"pretrain (make pretrain)"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for file in (source / name).iterdir():
            shutil.copyfile(file, folder / file.name)
    shutil.copyfile(source / NAME, record)


def _cpu_model() -> str:
    """Name of the CPU as Linux gives it, else as Python does."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
