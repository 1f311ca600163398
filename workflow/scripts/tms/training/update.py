"""The update of a checkpoint, its way from theta_0, and how much of it survives the rounding to a precision.

bfloat16 has 8 significant bits, so a weight of 0.02 moves in steps of 1e-4, and an update of less than half a
step is lost when it is stored. Training's own weights are float32.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
from safetensors import safe_open

from tms.io import json_file
from tms.model_folder.adapters import Adapters
from tms.model_folder.weights_record import UPDATE

AT_ONCE = 2**24  # elements compared at once, so that little memory is taken beside the weights


Triple = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def measure(compared: Iterable[Triple], device: torch.device, dtype: torch.dtype) -> dict:
    """Compare a checkpoint's weights with theta_0's.

    Args:
        compared: weight by weight or in parts, of one shape: the weight in training before it is rounded, as
            it is kept, and in theta_0.
        device: that computes.
        dtype: in which weights are kept.

    Returns:
        `dtype` of the kept weights; `weights`, their number; `changed`, the share of them that differ from
        theta_0; `update_rms`, the root mean square of weights - theta_0; `surviving`, the share of the
        update's squared norm that is kept, 1 - |weights - kept|^2 / |weights - theta_0|^2: 0 where every
        weight is rounded back to theta_0, 1 where none is rounded (None where there is no update).
    """
    count = changed = 0
    moved = lost = 0.0
    for triple in compared:
        for parts in zip(*(tensor.flatten().split(AT_ONCE) for tensor in triple), strict=True):
            now, kept, start = (part.to(device, torch.float32) for part in parts)
            count += start.numel()
            changed += int((kept != start).sum())
            moved += _squared_norm(now - start)
            lost += _squared_norm(now - kept)
    return {
        "dtype": dtype_name(dtype),
        "weights": count,
        "changed": changed / count if count else None,
        "update_rms": math.sqrt(moved / count) if count else None,
        "surviving": 1 - lost / moved if moved else None,
    }


def with_base(kept_of: Callable[[str, torch.Tensor], tuple | None], base: Path) -> Iterator[Triple]:
    """Go through theta_0's weights, read one by one, for `measure`.

    Args:
        kept_of: from a weight's name and its value in theta_0, the weight in training before it is rounded,
            and as it is kept; None for one that is not counted.
        base: model folder of theta_0, with safetensors files.
    """
    for file in sorted(base.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (no mapping)
                start = tensors.get_tensor(name)
                if (pair := kept_of(name, start)) is not None:
                    yield *pair, start


def of_weights(weights: dict[str, torch.Tensor], stored: dict[str, torch.Tensor]) -> Callable:
    """`kept_of` of whole weights, before and after they are rounded; of tied ones the first counts."""
    seen = set()

    def kept_of(name: str, _):
        weight = weights.get(name)
        if weight is None or weight.data_ptr() in seen:
            return None
        seen.add(weight.data_ptr())
        return weight, stored[name]

    return kept_of


def of_adapters(trained: Adapters, stored: Adapters, dtype: torch.dtype, device: torch.device) -> Callable:
    """`kept_of` of adapters, before and after they are rounded: of the whole model with them, which an engine
    computes with in the precision of the checkpoint."""

    def kept_of(name: str, start: torch.Tensor):
        start = start.to(device)
        return trained.merged(name, start), stored.merged(name, start).to(dtype)

    return kept_of


def write(folder: Path, measured: dict) -> None:
    """Put what was measured into a checkpoint's folder."""
    json_file.write(folder / UPDATE, measured)


def dtype_name(dtype: torch.dtype) -> str:
    """Name of a precision as configs write it, e.g. bfloat16."""
    return str(dtype).removeprefix("torch.")


def _squared_norm(values: torch.Tensor) -> float:
    return values.square().sum(dtype=torch.float64).item()
