"""The base averaged with a trained run: theta_0 + share (theta - theta_0) (WiSE-FT, arXiv 2109.01903)."""

import json
import shutil
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors import safe_open

from tms.io.errors import InputError
from tms.mixture.checkpoints import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    RECORD,
    UPDATE,
    adapter_settings,
    base_of,
    write_digest,
)
from tms.model_folder.adapters import Adapters
from tms.training import update


class StoredWeights:
    """The weights in a model folder's files, read one by one.

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

    def get(self, name: str) -> torch.Tensor | None:
        """A weight by its name in the files; None where there is none."""
        return self.files[name].get_tensor(name) if name in self.files else None


def averaged(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    """A weight on the way from `start` to `end`, rounded once to the precision of `end`.

    Computed in float64, a part at a time: so weights that training left alone stay as they are, and share 0.5
    is the mean to the last bit.
    """
    if not end.is_floating_point():
        return end
    found = torch.empty_like(end, memory_format=torch.contiguous_format)
    flat = (tensor.reshape(-1).split(update.AT_ONCE) for tensor in (start, end, found))
    for before, after, place in zip(*flat, strict=True):
        before = before.double()
        place.copy_(before + share * (after.double() - before))
    return found


def write(base: Path, trained: Path, share: float, folder: Path) -> dict:
    """Write the average of a base and a run's checkpoint as a model folder, a weight at a time.

    It has the checkpoint's files, names and precisions. Of LoRA adapters it has theirs with alpha times
    share, which is exact: W + share (alpha / r) B A.

    Args:
        base: model folder of theta_0.
        trained: the run's checkpoint, of whole weights or of adapters of that base.
        share: of the run, between 0 and 1.
        folder: to make.

    Returns:
        The way of its weights from theta_0 (`update.measure`), which it also has as a file.

    Raises:
        InputError: the base lacks a weight of the checkpoint, or has it in another shape.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for file in sorted(trained.iterdir()):
        if file.is_file() and file.suffix != ".safetensors" and file.name not in (RECORD, UPDATE):
            shutil.copyfile(file, unfinished / file.name)
    if base_of(trained):
        measured = _write_adapters(base, trained, share, unfinished)
    else:
        measured = _write_weights(base, trained, share, unfinished)
    update.write(unfinished, measured)
    write_digest(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return measured


def _write_weights(base: Path, trained: Path, share: float, folder: Path) -> dict:
    starts, ends = StoredWeights(base), StoredWeights(trained)
    for file in sorted(trained.glob("*.safetensors")):
        shutil.copyfile(file, folder / file.name)
        with (folder / file.name).open("r+b") as stream:
            for name, place in _places(stream).items():
                start, end = starts.get(name), ends.get(name)
                if start is None or start.shape != end.shape:
                    raise InputError(
                        f"{base}: no weight {name} of the shape {[*end.shape]} that {trained} has; they can "
                        f"only be averaged where transformers saved both, so save the base anew with "
                        f"save_pretrained"
                    )
                stream.seek(place)
                stream.write(averaged(start, end, share).reshape(-1).view(torch.uint8).numpy())
    stored, dtypes = StoredWeights(folder), {end.dtype for end in map(ends.get, ends.files)}

    def kept_of(name: str, start: torch.Tensor) -> tuple | None:
        end = ends.get(name)
        if end is None or not end.is_floating_point():
            return None
        return averaged(start, end.float(), share), stored.get(name)

    dtype = min((dtype for dtype in dtypes if dtype.is_floating_point), key=lambda dtype: dtype.itemsize)
    return update.measure(kept_of, base, torch.device("cpu"), dtype)


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
    return update.measure(
        update.of_adapters(adapters, adapters, dtype, torch.device("cpu")),
        base,
        torch.device("cpu"),
        dtype,
    )
