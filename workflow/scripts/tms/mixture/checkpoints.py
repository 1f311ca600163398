"""Checkpoints of a run: their names as reduced fractions, their steps, and the digest of their weights."""

import hashlib
import json
import re
from fractions import Fraction
from pathlib import Path

from tms.io.errors import InputError
from tms.io.file_modes import honour_umask

BASE = "0of1"  # theta_0
FINAL = "1of1"  # the converged model
UPDATE = "update.json"  # in a trained checkpoint's folder: its way from theta_0 (tms.training.update)


def point_name(point: Fraction) -> str:
    """Name a point of a run, e.g. 3/10 -> `3of10`; theta_0 is `0of1`, the end `1of1`."""
    return f"{point.numerator}of{point.denominator}"


def parse_point(name: str) -> Fraction:
    """Read a point's name.

    Raises:
        InputError: not a reduced fraction between 0 and 1 in the form `3of10`.
    """
    if re.fullmatch(r"[0-9]+of[1-9][0-9]*", name):
        point = Fraction(name.replace("of", "/"))
        if point <= 1 and point_name(point) == name:
            return point
    raise InputError(
        f"checkpoint {name!r}: write a reduced fraction of the run between 0of1 and 1of1, e.g. 3of10"
    )


def evenly_spaced(num_checkpoints: int) -> list[str]:
    """Names of the points t/T, t = 1..T, in order (Algorithm 1; the last step included, theta_0 excluded)."""
    return [point_name(Fraction(t, num_checkpoints)) for t in range(1, num_checkpoints + 1)]


def step_of(name: str, total_steps: int) -> int:
    """Optimiser step at which a point of a run is saved: round(t * S / T), halves up."""
    return int(parse_point(name) * total_steps + Fraction(1, 2))


def weights_digest(folder: Path) -> str:
    """SHA-256 (hex) over a model folder's safetensors files, names and contents, in name order.

    The digest is taken from `weights.json` where the files still have the sizes that it states
    (`write_digest` puts it there), else computed.

    Raises:
        InputError: the folder is missing, holds no safetensors file, or a file's size is not the stated one.
    """
    sizes = _sizes(folder)
    stated = folder / "weights.json"
    if stated.exists():
        record = json.loads(stated.read_text())
        if record["sizes"] != sizes:
            raise InputError(
                f"{folder}: weight files are truncated or changed ({sizes} != {record['sizes']}); "
                f"delete the folder and run again"
            )
        return record["sha256"]
    return compute_digest(folder)


def write_digest(folder: Path) -> str:
    """Compute a model folder's weights digest, write it to `weights.json` there, and return it.

    The weights get the mode of a new file.
    """
    digest = compute_digest(folder)
    record = {"sha256": digest, "sizes": _sizes(folder)}
    stated = folder / "weights.json"
    stated.write_text(json.dumps(record, indent=1) + "\n")
    honour_umask(folder, [stated, *(folder / name for name in record["sizes"])])
    return digest


def compute_digest(folder: Path) -> str:
    """Compute a model folder's weights digest from the files themselves.

    Raises:
        InputError: the folder holds no safetensors file.
    """
    digest = hashlib.sha256()
    for name in _sizes(folder):
        digest.update(name.encode() + b"\0")
        with (folder / name).open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _sizes(folder: Path) -> dict[str, int]:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InputError(
            f"{folder}: no *.safetensors file there; point the config at a model folder that has "
            f"them, or run the stage that makes it"
        )
    return {file.name: file.stat().st_size for file in files}
