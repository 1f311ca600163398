"""Pickle files in a state: none may hold more than tensors and numbers, for a pickle file can run any code.

PyTorch reads an optimiser's state with `weights_only`, but `.metadata` of a sharded one with plain pickle.
"""

import pickle
from pathlib import Path

import torch
from torch.distributed.checkpoint.metadata import _MEM_FORMAT_ENCODING
from transformers.trainer_pt_utils import safe_globals

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
    """Why a file of a state is not unpickled, in words; None: it can be, or it is no pickle file."""
    try:
        if file.suffix in LOADED:
            with safe_globals():  # the states of numpy's random numbers
                torch.load(file, map_location="cpu", weights_only=True, mmap=True)
        elif file.name == METADATA:
            with file.open("rb") as stream:
                _Plain(stream).load()
    except OSError:
        raise
    except Exception as error:  # whatever a file made to harm brings about
        return f"holds what a state does not ({str(error).splitlines()[0][:120]})"
    return None


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
