"""The base averaged with a trained run: theta_0 + share (theta - theta_0) (WiSE-FT, arXiv 2109.01903).

Theta is a checkpoint of the run, or the mean of several (model soups, arXiv 2203.05482).
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors import safe_open

from tms.io.errors import InputError
from tms.mixture.checkpoints import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    adapter_settings,
    base_of,
    write_digest,
)
from tms.model_folder import files
from tms.model_folder.adapters import Adapters
from tms.training import update

INDEX = "model.safetensors.index.json"


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


def averaged(start: torch.Tensor, ends: Sequence[torch.Tensor], share: float) -> torch.Tensor:
    """A weight on the way from `start` to the mean of `ends`, rounded once to the precision of the first.

    Computed in float64, a part at a time: so weights that training left alone stay as they are, and share 0.5
    of one end is the mean to the last bit.
    """
    if not ends[0].is_floating_point():
        return ends[0]
    found = torch.empty_like(ends[0], memory_format=torch.contiguous_format)
    flat = (tensor.reshape(-1).split(update.AT_ONCE) for tensor in (found, start, *ends))
    for place, before, *after in zip(*flat, strict=True):
        before = before.double()
        mean = sum(part.double() for part in after) / len(after)
        place.copy_(before + share * (mean - before))
    return found


def write(base: Path, trained: Sequence[Path], share: float, folder: Path) -> dict:
    """Write the average of a base and a run's checkpoints as a model folder, a weight at a time.

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
    files.copy(first, unfinished, (*files.OF_A_CHECKPOINT, ADAPTER_CONFIG, INDEX))
    if base_of(first):
        measured = _write_adapters(base, first, share, unfinished)
    else:
        measured = _write_weights(base, trained, share, unfinished)
    update.write(unfinished, measured)
    write_digest(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return measured


def _write_weights(base: Path, trained: Sequence[Path], share: float, folder: Path) -> dict:
    starts, runs = StoredWeights(base), [StoredWeights(checkpoint) for checkpoint in trained]
    for file in sorted(trained[0].glob("*.safetensors")):
        shutil.copyfile(file, folder / file.name)
        with (folder / file.name).open("r+b") as stream:
            for name, place in _places(stream).items():
                start, *ends = (weights.get(name) for weights in (starts, *runs))
                for source, weight in zip((base, *trained), (start, *ends), strict=True):
                    if weight is None or weight.shape != ends[0].shape:
                        raise InputError(
                            f"{source}: no weight {name} of the shape {[*ends[0].shape]} that {trained[0]} "
                            f"has; they can only be averaged where transformers saved both, so save it anew "
                            f"with save_pretrained"
                        )
                stream.seek(place)
                stream.write(averaged(start, ends, share).reshape(-1).view(torch.uint8).numpy())
    stored, dtypes = StoredWeights(folder), {end.dtype for end in map(runs[0].get, runs[0].files)}

    def kept_of(name: str, start: torch.Tensor) -> tuple | None:
        ends = [weights.get(name) for weights in runs]
        if ends[0] is None or not ends[0].is_floating_point():
            return None
        return averaged(start, [end.float() for end in ends], share), stored.get(name)

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
