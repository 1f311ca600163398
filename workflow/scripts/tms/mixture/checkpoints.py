"""Checkpoints of a run: their names as reduced fractions, their steps, and the digest of their weights."""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from tms.io import disk, json_file, machine
from tms.io.errors import InputError
from tms.io.file_modes import honour_umask
from tms.mixture import recorded_files

BASE = "0of1"  # theta_0
FINAL = "1of1"  # the converged model
RECORD = "weights.json"  # in a model folder: digest and sizes of its weights
AGAIN = "delete the folder and run the stage that makes it again"
UPDATE = "update.json"  # in a trained checkpoint's folder: its way from theta_0 (tms.training.update)
# Of LoRA adapters, by peft's names: where their base is, and their weights.
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


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


def adapter_settings(folder: Path) -> dict:
    """The settings of a folder's adapters, which name their base and their scale.

    Raises:
        InputError: they cannot be read.
    """
    file = folder / ADAPTER_CONFIG
    what = "config of LoRA adapters"
    keys = {"r": int | float, "lora_alpha": int | float, "base_model_name_or_path": str}
    settings = json_file.read(file, what, mending(folder), keys)
    if not settings["r"] > 0 or not settings["lora_alpha"] or not settings["base_model_name_or_path"]:
        raise InputError(
            f"{file}: not a readable {what} (r, lora_alpha or base_model_name_or_path is empty); "
            f"{mending(folder)}"
        )
    return settings


def base_of(folder: Path) -> Path | None:
    """The base of a folder of adapters; None for whole weights.

    Raises:
        InputError: as `adapter_settings`.
    """
    if not (folder / ADAPTER_CONFIG).exists():
        return None
    return Path(adapter_settings(folder)["base_model_name_or_path"])


def mending(folder: Path) -> str:
    """Words for what to do about damaged files of a model folder: only what a stage makes may be deleted."""
    return AGAIN if (folder / RECORD).exists() else "put the model's own files there again"


def weights_digest(folder: Path, read: bool = True) -> str:
    """SHA-256 (hex) of a model folder's weights: of its files and, of adapters, of their scale and base.

    Args:
        folder: the model folder.
        read: as of `files_digest`.

    Raises:
        InputError: as `files_digest`, or adapters whose base is missing or not the one that they belong to.
    """
    digest = files_digest(folder, read)
    base = base_of(folder)
    if base is None:
        return digest
    if not base.is_dir():
        raise InputError(
            f"{folder}: adapters of {base}, and there is no such folder; put the base there, or write its "
            f"place into {ADAPTER_CONFIG} and delete {RECORD} beside it"
        )
    base_digest = weights_digest(base, read)
    record = folder / RECORD
    if record.exists() and _record(record).get("base", base_digest) != base_digest:
        raise InputError(
            f"{folder}: adapters of {base}, whose weights are no longer those that they were trained on; put "
            f"those back, or delete the folder and run the stage that makes it again"
        )
    settings = adapter_settings(folder)
    scale = settings["lora_alpha"] / settings["r"]
    return hashlib.sha256(f"{digest} {scale!r} {base_digest}".encode()).hexdigest()


def files_digest(folder: Path, read: bool = True) -> str:
    """SHA-256 (hex) over a model folder's safetensors files, names and contents, in name order.

    The files are read, once in a process as long as nothing touches them, and compared with the record that
    `write_digest` made: their sizes and times could be those of other weights.

    Args:
        folder: the model folder.
        read: False takes the record's word, and compares sizes alone: for who calls `weights_read.check`
            before any row is used.

    Raises:
        InputError: the folder is missing, holds no safetensors file, or files other than its `weights.json`
            records.
    """
    sizes = _sizes(folder)
    stated = folder / RECORD
    if not stated.exists():
        return _read_once(folder, list(sizes))
    record = _record(stated)
    recorded_sizes, recorded = record["sizes"], record["sha256"]
    if recorded_sizes != sizes:
        raise InputError(
            f"{folder}: weight files are truncated or changed ({sizes} != {recorded_sizes}); {AGAIN}"
        )
    if not read:
        return recorded
    digest = _read_once(folder, list(sizes))
    if recorded != digest:
        file = folder / (next(iter(sizes)) if len(sizes) == 1 else "*.safetensors")
        raise InputError(
            f"{file}: not the weights that {RECORD} beside it records, though of their size; {AGAIN} (or "
            f"delete {RECORD}, if they were changed on purpose)"
        )
    return digest


def open_weights(folder: Path) -> str:
    """Check that a model folder's weights are whole, and return their digest.

    Raises:
        InputError: as `weights_digest` and `check_files`.
    """
    digest = weights_digest(folder)
    check_files(folder)
    return digest


def check_files(folder: Path) -> None:
    """Check that a model folder's weight files are there and whole, by their headers and their index, and its
    other files those of its record.

    Raises:
        InputError: a truncated or changed file, or one that is missing.
    """
    if (folder / RECORD).exists():
        recorded_files.check(folder, _record(folder / RECORD).get("files", {}), RECORD, AGAIN)
    from safetensors import SafetensorError, safe_open  # not where points are only named

    names = _sizes(folder).keys()
    for name in names:
        try:
            # Of a file that it cannot open, safe_open says that none is there.
            (folder / name).open("rb").close()
            with safe_open(folder / name, framework="np"):
                pass
        except (OSError, MemoryError) as error:
            raise InputError(
                machine.refused(error, folder / name) or f"{folder / name}: cannot be read ({error})"
            ) from error
        except SafetensorError as error:
            raise InputError(
                f"{folder / name}: not a whole safetensors file ({error}); {mending(folder)}"
            ) from error
    if base := base_of(folder):
        if ADAPTER_WEIGHTS not in names:
            raise InputError(f"{folder}: no {ADAPTER_WEIGHTS}; run the stage that makes the folder again")
        check_files(base)
        return
    if "model.safetensors" in names:
        return
    index = folder / "model.safetensors.index.json"
    remedy = "and there is no model.safetensors: download the model again"
    shards = json_file.read(index, "index of the weight files", remedy, {"weight_map": dict})["weight_map"]
    shards = {*map(str, shards.values())}
    if missing := sorted(shards - names):
        raise InputError(
            f"{folder / missing[0]}: no such file, which {index.name} names ({len(missing)} of {len(shards)} "
            f"are missing); download the model again"
        )


def check_unchanged(folder: Path, digest: str) -> None:
    """Refuse weights that changed since `weights_digest` read them: while they were loaded, or after.

    Raises:
        InputError: the folder's weights have another digest now.
    """
    if weights_digest(folder) != digest:
        raise InputError(f"{folder}: its weights changed while this job read them; run it again")


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """Around the reading of a model folder's weights: they are those of its record, and stay so.

    Raises:
        InputError: as `weights_digest` and `check_unchanged`.
    """
    digest = weights_digest(folder)
    yield
    check_unchanged(folder, digest)


def write_digest(folder: Path) -> str:
    """Compute a model folder's weights digest, write it to `weights.json` there, and return it.

    The weights get the mode of a new file.
    """
    digest = compute_digest(folder)
    files = recorded_files.digests(folder, {RECORD, UPDATE})
    record = {"sha256": digest, "sizes": _sizes(folder), "files": files}
    if base := base_of(folder):
        record["base"] = weights_digest(base)
    stated = folder / RECORD
    json_file.write(stated, record)
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
        with disk.reading(folder / name), (folder / name).open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


# Folder -> its files' states (`file_state`) when they were read, and their digest.
_read: dict[Path, tuple[list, str]] = {}
# Two changes within a file system's clock tick leave one time: so soon after a change none is relied on.
TICK_NS = 2_000_000_000
# State of a file -> monotonic time (ns) at which it was first seen here. Where a file system's clock is ahead
# of ours, its times say for hours that a file was just touched; how long it has stayed as it is, this tells.
_first_seen: dict[tuple, int] = {}


def settled(states: list[tuple]) -> bool:
    """Whether files were last touched so long ago that a change from now on would show in their states."""
    now, here = time.time_ns(), time.monotonic_ns()
    since = [here - _first_seen.setdefault(state, here) for state in states]
    return all(
        state[-1] + TICK_NS < now or stayed > TICK_NS for state, stayed in zip(states, since, strict=True)
    )


def _read_once(folder: Path, names: list[str]) -> str:
    """Digest of the files; read again where one of them was touched since (`cp -p` restores no ctime)."""
    state = [file_state(folder / name) for name in names]
    known = _read.get(folder.absolute())
    if known and known[0] == state:
        return known[1]
    lasting = settled(state)  # before they are read
    digest = compute_digest(folder)
    if lasting:
        _read[folder.absolute()] = (state, digest)
    return digest


def file_state(file: Path) -> tuple:
    """Name, inode, size, mtime and ctime (ns); not the device, which is another one on each node."""
    status = file.stat()
    return file.name, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _record(file: Path) -> dict:
    return json_file.read(file, "record of weights", AGAIN, {"sizes": dict, "sha256": str})


def _sizes(folder: Path) -> dict[str, int]:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        if pickled := sorted(folder.glob("pytorch_model*.bin")):
            raise InputError(
                f"{folder}: no *.safetensors file there; {pickled[0].name} is not read (it may hold code); "
                f"save the model again with save_pretrained, which writes safetensors"
            )
        if (folder / RECORD).exists():
            raise InputError(f"{folder}: no *.safetensors file there any more; {AGAIN}")
        raise InputError(
            f"{folder}: no *.safetensors file there; point the config at a model folder that has "
            f"them, or run the stage that makes it"
        )
    return {file.name: file.stat().st_size for file in files}
