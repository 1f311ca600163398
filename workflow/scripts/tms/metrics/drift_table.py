"""drift.json as tidy rows."""

from collections.abc import Iterator
from pathlib import Path

from tms.io import json_file
from tms.io.errors import InputError
from tms.mixture.checkpoints import parse_point

DRIFT = ["model", "method", "train_task", "seed", "quantity", "prompts", "point", "value", "stderr"]


def drift_rows(path: Path) -> list[dict]:
    """Read a run's drift.json as rows with `quantity`, `prompts`, `point`, `value` and `stderr`.

    E.g. `kl` -> `heldout` -> `policy_base` -> `per_token` becomes the quantity `kl.policy_base.per_token` on
    the prompts `heldout`; `trajectory` -> `3of10` -> `per_token` is `trajectory.per_token` at point 3of10;
    `loss` -> `general` -> `3of10` -> `per_token` is `loss.per_token` on the texts `general` there.

    Raises:
        InputError: the file is missing or broken.
    """
    measured = json_file.read(path, "drift file", "delete it and run drift again")
    return [_row(keys, value, stderr) for keys, value, stderr in _leaves(measured, ())]


def _leaves(node, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float, float | None]]:
    """Numbers of nested dictionaries with their keys; a key `x_stderr` belongs to its sibling `x`."""
    for name, child in node.items():
        if isinstance(child, dict):
            yield from _leaves(child, (*keys, name))
        elif isinstance(child, int | float) and not name.endswith("_stderr"):
            yield (*keys, name), child, node.get(f"{name}_stderr")


def _row(keys: tuple[str, ...], value: float, stderr: float | None) -> dict:
    points = [key for key in keys if _is_point(key)]
    prompts = keys[1:2] if keys[0] in ("kl", "loss") else ()
    return {
        "quantity": ".".join(key for key in keys if key not in (*points, *prompts)),
        "prompts": "".join(prompts),
        "point": "".join(points),
        "value": value if isinstance(value, int) else f"{value:.6g}",
        "stderr": "" if stderr is None else f"{stderr:.6g}",
    }


def _is_point(key: str) -> bool:
    try:
        parse_point(key)
    except InputError:
        return False
    return True
