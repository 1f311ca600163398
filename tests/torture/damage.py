"""Damages of files: a flipped bit, a cut, a deletion, other times."""

import os
import random
from pathlib import Path

STATES = (".pt", ".pth", ".bin")  # of a training, beside those
KINDS_OF_FILES = (".parquet", ".safetensors", ".json", ".csv")
PLACES = ("data", "models", "results", "rows")


def files_of(places: list[Path], suffixes: tuple[str, ...] = KINDS_OF_FILES) -> list[Path]:
    """Files of these kinds among files and in folders, in order; no records of jobs, no temporary ones."""
    inside = (file for place in places for file in ([place] if place.is_file() else place.rglob("*")))
    return sorted(
        file
        for file in set(inside)
        if file.is_file() and file.suffix in suffixes and not file.name.startswith(".")
    )


def draw_file(files: list[Path], rng: random.Random) -> Path | None:
    """One of the files, each kind of file as often; None where there is none."""
    kinds: dict[str, list[Path]] = {}
    for file in files:
        kinds.setdefault(file.suffix, []).append(file)
    return rng.choice(kinds[rng.choice(sorted(kinds))]) if kinds else None


def flip_bit(file: Path, rng: random.Random) -> str:
    """Flip one bit in place; size and time stay, as when a disk does it."""
    times = file.stat()
    data = bytearray(file.read_bytes())
    place = rng.randrange(len(data) * 8)
    data[place // 8] ^= 1 << place % 8
    with file.open("r+b") as stream:
        stream.write(data)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    return f"bit {place} of {file.name} flipped"


def cut(file: Path, rng: random.Random) -> str:
    """Cut a file's end off; its time stays."""
    times = file.stat()
    size = rng.choice([0, rng.randrange(times.st_size), times.st_size - 1])
    os.truncate(file, size)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    return f"{file.name} cut to {size} of {times.st_size} bytes"


def delete(file: Path, rng: random.Random) -> str:
    """Delete a file."""
    file.unlink()
    return f"{file.name} deleted"


def step_times(folder: Path, seconds: float) -> None:
    """Move the times of all files, as a clock that is set back (or forward) by so much leaves them.

    What is written from now on is then older (or newer) than they are by that.
    """
    for place in (*PLACES, "logs", ".snakemake"):
        for file in sorted((folder / place).rglob("*")):
            try:
                times = file.stat()
                moved = int(seconds * 1e9)
                os.utime(file, ns=(times.st_atime_ns + moved, times.st_mtime_ns + moved))
            except FileNotFoundError:  # the run replaces files meanwhile
                continue
