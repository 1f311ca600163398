"""Digest of a model folder's weights: made when they are written, compared when they are read."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tms.io import disk, json_file
from tms.io.errors import InputError
from tms.io.file_modes import honour_umask
from tms.model_folder import recorded_files, weights_record
from tms.model_folder.adapter_config import ADAPTER_CONFIG, adapter_settings, base_of
from tms.model_folder.weights_record import AGAIN, RECORD, UPDATE

# Folder -> its files' states (`file_state`) when they were read, and their digest.
_read: dict[Path, tuple[list, str]] = {}
# Two changes within a file system's clock tick leave one time: so soon after a change none is relied on.
TICK_NS = 2_000_000_000
# State of a file -> monotonic time (ns) at which it was first seen here. Where a file system's clock is ahead
# of ours, its times say for hours that a file was just touched; how long it has stayed as it is, this tells.
_first_seen: dict[tuple, int] = {}


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
    if record.exists() and weights_record.read(record).get("base", base_digest) != base_digest:
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
    sizes = weight_files(folder)
    stated = folder / RECORD
    if not stated.exists():
        return _read_once(folder, list(sizes))
    record = weights_record.read(stated)
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
    record = {"sha256": digest, "sizes": weight_files(folder), "files": files}
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
    for name in weight_files(folder):
        digest.update(name.encode() + b"\0")
        with disk.reading(folder / name), (folder / name).open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


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


def weight_files(folder: Path) -> dict[str, int]:
    """Names of a model folder's safetensors files, sorted, and their sizes in bytes.

    Raises:
        InputError: there is none.
    """
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
