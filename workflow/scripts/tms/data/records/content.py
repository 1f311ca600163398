"""Digest of a file's content, for the params of the jobs that read it."""

import hashlib
from functools import cache
from pathlib import Path


@cache
def content(path: str) -> str:
    """SHA-256 of a file, hex, read once a process; "missing" where it is no file that can be read."""
    if not Path(path).is_file():  # a pipe would never end
        return "missing"
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return "missing"
