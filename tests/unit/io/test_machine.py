"""Refusals of the machine are told as that, in whatever words of whichever library, and nothing else is."""

import errno
import os
from pathlib import Path

import pytest
from helpers.plain_user import plain_user
from tokenizers import Tokenizer

from tms.io import disk, machine, memory

FILE = Path("m/model.safetensors")


def caused(error, cause):
    error.__context__ = cause
    return error


def number(code):
    return OSError(code, os.strerror(code))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MemoryError(), f"{FILE}: out of memory (MemoryError); {memory.REMEDY}"),
        (RuntimeError("CUDA out of memory. Tried"), f"{FILE}: out of memory (CUDA out of memory. Tried); "),
        (number(errno.EIO), f"{FILE}: Input/output error; {disk.DEVICE}"),
        (
            RuntimeError("unable to open file <x> in read-only mode: Too many open files (24)"),
            f"{FILE}: Too many open files; {disk.LIMIT}",
        ),
        (Exception("Too many open files (os error 24)"), f"{FILE}: Too many open files; {disk.LIMIT}"),
        (caused(ValueError("x"), number(errno.EMFILE)), f"{FILE}: Too many open files; {disk.LIMIT}"),
        (caused(ValueError("x"), MemoryError()), f"{FILE}: out of memory (MemoryError); "),
        (caused(ValueError("x"), number(errno.ENOSPC)), "m: no space left on its disk for model.safetensors"),
    ],
)
def test_what_the_machine_refuses(error, line):
    assert machine.refused(error, FILE).startswith(line)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        number(errno.ENOENT),
        KeyError("a (24)"),
        ValueError("Too many (24)"),
        caused(ValueError("x"), number(errno.ETIMEDOUT)),  # a network's
        caused(ValueError("x"), number(errno.ENOTDIR)),  # a place that was tried
    ],
)
def test_what_it_does_not(error):
    assert machine.refused(error, FILE) is None


def test_an_error_of_a_library_in_another_language(tmp_path):
    (tmp_path / "t.json").write_text("{}")
    (tmp_path / "t.json").chmod(0)
    with plain_user(tmp_path), pytest.raises(Exception, match="os error") as raised:
        Tokenizer.from_file("t.json")
    assert machine.refused(raised.value, Path("t.json")) == f"t.json: Permission denied; {disk.RIGHTS}"
