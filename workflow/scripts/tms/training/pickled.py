"""Pickle files in a state: none may hold more than tensors and numbers, for a pickle file can run any code.

PyTorch reads an optimiser's state with `weights_only`, but with plain pickle `.metadata` of a sharded one,
and whatever that says is no tensor.
"""

import errno
import io
import pickle
from pathlib import Path

import torch
from torch.distributed.checkpoint.metadata import _MEM_FORMAT_ENCODING, TensorStorageMetadata
from transformers.trainer_pt_utils import safe_globals

from tms.io import machine
from tms.io.errors import InputError

LOADED = {".pt", ".pth"}  # Trainer's; training_args.bin, also a pickle file, is never read
METADATA = ".metadata"  # torch.distributed.checkpoint's
# The classes that `.metadata` names; they do nothing when they are made.
CLASSES = {
    *(("torch", "Size"), ("torch.serialization", "_get_layout"), ("pathlib", "PosixPath")),
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
    *(
        ("torch.distributed.checkpoint.metadata", name)
        for name in (
            *("BytesStorageMetadata", "ChunkStorageMetadata", "Metadata", "MetadataIndex", "StorageMeta"),
            *("TensorProperties", "TensorStorageMetadata", "_MEM_FORMAT_ENCODING"),
        )
    ),
}


def fault_of_pickle(file: Path) -> str | None:
    """Why a file of a state is not unpickled, in words; None: it can be, or it is no pickle file.

    Raises:
        OSError: the system refuses to read it.
        InputError: it refuses in a library's words, or gives no memory: the file may be whole.
    """
    try:
        if file.suffix in LOADED:
            with safe_globals():  # the states of numpy's random numbers
                torch.load(file, map_location="cpu", weights_only=True, mmap=True)
        elif file.name == METADATA:
            _check_sharded(file)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        return f"names {error.filename}, which is not there"
    except Exception as error:  # whatever a file made to harm brings about
        if line := machine.refused(error, file):
            raise InputError(f"{line} (or delete the state)") from error
        return f"holds what a state does not ({str(error).splitlines()[0][:120]})"
    return None


def _check_sharded(file: Path) -> None:
    """Read the metadata of a sharded state, and of its other files what is no tensor.

    Raises:
        Exception: of any kind, where they hold what a state does not.
    """
    with file.open("rb") as stream:
        metadata = _Plain(stream).load()
    for index, place in metadata.storage_data.items():
        if isinstance(metadata.state_dict_metadata[index.fqn], TensorStorageMetadata):
            continue
        if getattr(place, "transform_descriptors", None):
            raise pickle.UnpicklingError(f"it stores {index.fqn} in another form")
        with (file.parent / place.relative_path).open("rb") as stream:
            stream.seek(place.offset)
            torch.load(io.BytesIO(stream.read(place.length)), map_location="cpu", weights_only=True)


class _Plain(pickle.Unpickler):
    """Reads a pickle file of known classes alone."""

    def find_class(self, module: str, name: str):
        if (module, name) == ("builtins", "getattr"):  # of anything else it would lead to all of Python
            return _format
        if module == "torch" and isinstance(getattr(torch, name, None), torch.dtype):
            return getattr(torch, name)
        if (module, name) not in CLASSES:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return super().find_class(module, name)


def _format(formats: type, name: str) -> _MEM_FORMAT_ENCODING:
    if formats is not _MEM_FORMAT_ENCODING:
        raise pickle.UnpicklingError(f"it asks for {name} of {formats}")
    return formats[name]
