"""A real file system of a few kilobytes, to be filled or made read-only."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

KILOBYTES = 128


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount one at a folder that is made; where this user may not mount, the test is skipped."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={KILOBYTES}k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave no byte free."""
    with suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1024)


def forbid(disk: Path) -> None:
    """Make it read-only."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
