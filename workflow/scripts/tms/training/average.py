"""The base averaged with a trained run: theta_0 + share (theta - theta_0) (WiSE-FT, arXiv 2109.01903).

Theta is a checkpoint of the run, or the mean of several (model soups, arXiv 2203.05482).
"""

import json
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors import safe_open

from tms.io.errors import InputError
from tms.model_folder import files
from tms.model_folder.adapter_config import ADAPTER_CONFIG, ADAPTER_WEIGHTS, adapter_settings, base_of
from tms.model_folder.adapters import Adapters
from tms.model_folder.digest import write_digest
from tms.training import update
from tms.training.states import sync

INDEX = "model.safetensors.index.json"


class StoredWeights:
    """The weights in a model folder's files, read in parts.

    Args:
        folder: of whole weights.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.files = {
            name: tensors
            for tensors in (safe_open(file, "pt") for file in sorted(folder.glob("*.safetensors")))
            for name in tensors.keys()  # noqa: SIM118 (no mapping)
        }

    def shape(self, name: str) -> list[int] | None:
        """Shape of a weight by its name in the files; None where there is none."""
        return self.files[name].get_slice(name).get_shape() if name in self.files else None

    def rows(self, name: str, rows: slice) -> torch.Tensor:
        """A part of a weight along its first dimension; the whole of a single number."""
        part = self.files[name].get_slice(name)
        return part[rows] if part.get_shape() else part[...]


def averaged(start: torch.Tensor, ends: Sequence[torch.Tensor], share: float) -> torch.Tensor:
    """A weight on the way from `start` to the mean of `ends`, rounded once to the precision of the first.

    Computed in float64: so weights that training left alone stay as they are, and share 0.5 of one end is the
    mean to the last bit.
    """
    if not ends[0].is_floating_point():
        return ends[0]
    before = start.double()
    mean = sum(end.double() for end in ends) / len(ends)
    return (before + share * (mean - before)).to(ends[0].dtype)


def write(base: Path, trained: Sequence[Path], share: float, folder: Path) -> dict:
    """Write the average of a base and a run's checkpoints as a model folder, a part of a weight at a time.

    It has the first checkpoint's files, names and precisions. Of LoRA adapters it has theirs with alpha times
    share, which is exact: W + share (alpha / r) B A.

    Args:
        base: model folder of theta_0.
        trained: checkpoints of the run, of whole weights; or a single one of adapters of that base.
        share: of their mean, above 0; below 1 of a single one.
        folder: to make.

    Returns:
        The way of its weights from theta_0 (`update.measure`), which it also has as a file.

    Raises:
        InputError: the base or a checkpoint lacks a weight of the first checkpoint, or has it in another
            shape; or several checkpoints are adapters, whose mean has a higher rank.
    """
    first = trained[0]
    if len(trained) > 1 and any(map(base_of, trained)):
        raise InputError(f"{first}: adapters of several checkpoints have no mean of their rank; name one")
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        files.copy(first, unfinished, (*files.OF_A_CHECKPOINT, ADAPTER_CONFIG, INDEX))
        if base_of(first):
            measured = _write_adapters(base, first, share, unfinished)
        else:
            measured = _write_weights(base, trained, share, unfinished)
        update.write(unfinished, measured)
        write_digest(unfinished)
        sync(unfinished)
    except BaseException:  # a full disk gets its room back
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return measured


def _write_weights(base: Path, trained: Sequence[Path], share: float, folder: Path) -> dict:
    start, *ends = (StoredWeights(source) for source in (base, *trained))
    dtypes = {ends[0].rows(name, slice(0)).dtype for name in ends[0].files}
    dtype = min((dtype for dtype in dtypes if dtype.is_floating_point), key=lambda dtype: dtype.itemsize)
    return update.measure(_written(start, ends, share, folder), torch.device("cpu"), dtype)


def _written(
    start: StoredWeights, ends: Sequence[StoredWeights], share: float, folder: Path
) -> Iterator[update.Triple]:
    """Write the files of the first end with the averages in them, which `update.measure` is given."""
    for file in sorted(ends[0].folder.glob("*.safetensors")):
        shutil.copyfile(file, folder / file.name)
        with (folder / file.name).open("r+b") as stream:
            for name, place in _places(stream).items():
                shape = ends[0].shape(name)
                for source in (start, *ends):
                    if source.shape(name) != shape:
                        raise InputError(
                            f"{source.folder}: no weight {name} of the shape {shape} that {ends[0].folder} "
                            f"has; they can only be averaged where transformers saved both, so save it anew "
                            f"with save_pretrained"
                        )
                stream.seek(place)
                for rows in _parts(shape):
                    before, *after = (source.rows(name, rows) for source in (start, *ends))
                    kept = averaged(before, after, share)
                    stream.write(kept.contiguous().view(-1).view(torch.uint8).numpy())
                    if kept.is_floating_point():
                        yield averaged(before, [end.float() for end in after], share), kept, before


def _parts(shape: Sequence[int]) -> Iterator[slice]:
    """Rows of a weight that are averaged at once, so that memory does not grow with the weight."""
    rows = shape[0] if shape else 1
    step = max(update.AT_ONCE // math.prod(shape[1:]), 1) if math.prod(shape) else 1
    return (slice(first, first + step) for first in range(0, rows, step))


def _places(stream: BinaryIO) -> dict[str, int]:
    """Byte at which each weight of a safetensors file begins: 8 bytes say how long its header is, and the
    header how far behind it each weight is."""
    length = int.from_bytes(stream.read(8), "little")
    header = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    return {name: 8 + length + entry["data_offsets"][0] for name, entry in header.items()}


def _write_adapters(base: Path, trained: Path, share: float, folder: Path) -> dict:
    shutil.copyfile(trained / ADAPTER_WEIGHTS, folder / ADAPTER_WEIGHTS)
    settings = adapter_settings(trained)
    settings["lora_alpha"] *= share
    (folder / ADAPTER_CONFIG).write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
    adapters = Adapters.read(folder)
    dtype = next(iter(adapters.factors.values()))[0].dtype
    here = torch.device("cpu")
    kept_of = update.of_adapters(adapters, adapters, dtype, here)
    return update.measure(update.with_base(kept_of, base), here, dtype)
