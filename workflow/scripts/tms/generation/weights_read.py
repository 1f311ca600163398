"""Weights are read before stored rows are used, but only once as long as nothing touches them."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from tms.model_folder.adapter_config import base_of
from tms.model_folder.digest import check_unchanged, file_state, settled


def check(folder: Path, digest: str, root: Path) -> None:
    """Refuse a model folder that holds other weights than those of a digest.

    They are read, unless a job has read these very files before, and nothing has touched them since (by the
    kernel's ctime, which no program sets back). Then a note lies in the model's folder of the completion
    cache: an empty file, named by the digest of the files' inodes, sizes and times.

    Args:
        folder: the model folder.
        digest: of its weights, as its record states it.
        root: folder of the completion cache.

    Raises:
        InputError: as `check_unchanged`.
    """
    state = _states(folder)
    name = hashlib.sha256(json.dumps([digest, state]).encode()).hexdigest()[:32]
    note = root / digest[:16] / f"{name}.read"
    if note.exists():
        return
    lasting = settled(state)  # before they are read
    check_unchanged(folder, digest)
    if lasting and _states(folder) == state:
        with suppress(OSError):  # of another user, or full: then they are read again
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()


def _states(folder: Path) -> list[tuple]:
    """The states of a model folder's weights, those of its base included."""
    base = base_of(folder)
    own = [file_state(file) for file in sorted(folder.glob("*.safetensors"))]
    return own + (_states(base) if base else [])
