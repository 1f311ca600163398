"""The update of a checkpoint, its way from theta_0, and how much of it survives the rounding to a precision.

bfloat16 has 8 significant bits, so a weight of 0.02 moves in steps of 1e-4, and an update of less than half a
step is lost when it is stored. Training's own weights are float32.
"""

import json
import math
from pathlib import Path

import torch
from safetensors import safe_open

from tms.mixture.checkpoints import UPDATE

AT_ONCE = 2**24  # elements compared at once, so that little memory is taken beside the weights


def measure(
    weights: dict[str, torch.Tensor], stored: dict[str, torch.Tensor], base: Path, device: torch.device
) -> dict:
    """Compare a checkpoint's weights with theta_0's, which are read one by one; tied ones count once.

    Args:
        weights: of the training, before they are rounded.
        stored: the same ones as they are saved.
        base: model folder of theta_0, with safetensors files.
        device: that computes.

    Returns:
        `dtype` of the stored weights; `weights`, their number; `changed`, the share of them that differ from
        theta_0; `update_rms`, the root mean square of weights - theta_0; `surviving`, the share of the
        update's squared norm that is stored, 1 - |weights - stored|^2 / |weights - theta_0|^2: 0 where every
        weight is rounded back to theta_0, 1 where none is rounded (None where there is no update).
    """
    count = changed = 0
    moved = lost = 0.0
    seen = set()
    for file in sorted(base.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (no mapping)
                weight = weights.get(name)
                if weight is None or weight.data_ptr() in seen:
                    continue
                seen.add(weight.data_ptr())
                flat = [tensor.flatten().split(AT_ONCE) for tensor in (weight, stored[name])]
                for parts in zip(*flat, tensors.get_tensor(name).flatten().split(AT_ONCE), strict=True):
                    now, kept, start = (part.to(device, torch.float32) for part in parts)
                    count += start.numel()
                    changed += int((kept != start).sum())
                    moved += _squared_norm(now - start)
                    lost += _squared_norm(now - kept)
    return {
        "dtype": dtype_name(next(iter(stored.values())).dtype),
        "weights": count,
        "changed": changed / count if count else None,
        "update_rms": math.sqrt(moved / count) if count else None,
        "surviving": 1 - lost / moved if moved else None,
    }


def write(folder: Path, measured: dict) -> None:
    """Put what was measured into a checkpoint's folder."""
    (folder / UPDATE).write_text(json.dumps(measured, indent=1) + "\n")


def dtype_name(dtype: torch.dtype) -> str:
    """Name of a precision as configs write it, e.g. bfloat16."""
    return str(dtype).removeprefix("torch.")


def _squared_norm(values: torch.Tensor) -> float:
    return values.square().sum(dtype=torch.float64).item()
