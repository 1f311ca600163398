"""What a disk or the system refuses is one line, whatever wrote to it."""

import errno
import os
from pathlib import Path

import pytest
from safetensors import SafetensorError

from tms.io.disk import REMEDIES, check_room, reading, refused
from tms.io.errors import InputError


def caused(error, cause):
    error.__cause__ = cause
    return error


FULL = OSError(errno.ENOSPC, "No space left on device", "rows/x.parquet")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FULL, "rows: no space left on its disk for x.parquet (No space left on device); free some"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "a disk: no space left (Disk quota exceeded)"),
        (SafetensorError("I/O error: No space left on device (os error 28)"), "a disk: no space left"),
        (
            RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 69888 vs 69776"),
            "a disk:",
        ),
        (caused(RuntimeError("while saving"), FULL), "rows: no space left on its disk for x.parquet"),
    ],
)
def test_a_full_disk_is_told(error, words):
    line = refused(error)
    assert words in line and "\n" not in line


@pytest.mark.parametrize("number", sorted(REMEDIES))
def test_what_the_system_refuses_is_told(number):
    """The line names the file, by the caller where the error does not, what was refused, and the remedy."""
    of_file = refused(OSError(number, "x", "rows/x.parquet"))
    unnamed = refused(OSError(number, "x"), Path("rows/x.parquet"))
    assert of_file == unnamed
    assert of_file.startswith("rows") and "x.parquet" in of_file
    assert os.strerror(number) in of_file and REMEDIES[number] in of_file and "\n" not in of_file


def test_what_really_fills_a_device_is_told():
    with pytest.raises(OSError, match="No space") as error, Path("/dev/full").open("w") as file:
        file.write("x" * 10**6)
    assert "no space left" in refused(error.value)


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), OSError(errno.ENOENT, "No such file"), KeyError("a"), TypeError("unexpected position")],
)
def test_other_errors_are_not(error):
    assert refused(error) is None


def test_room_is_asked_of_the_nearest_folder_that_is_there(tmp_path):
    check_room(tmp_path / "not" / "there", 1.0, "a row")
    with pytest.raises(InputError, match=r"are free on its disk, and all rows may take 1e\+12 GB"):
        check_room(tmp_path / "not" / "there", 1e21, "all rows")


def test_a_file_that_cannot_be_read_is_named():
    """The kernel gives no byte of this one, and `read` does not say of which."""
    file = Path("/proc/self/mem")
    with pytest.raises(OSError) as error, reading(file), file.open("rb") as stream:
        stream.read(1)
    assert refused(error.value, Path("out.json")).startswith("/proc/self/mem: Input/output error")
