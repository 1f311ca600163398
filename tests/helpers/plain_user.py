"""A user for whom modes of files count: for the superuser no file is unreadable."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def plain_user(folder: Path) -> Iterator[None]:
    """Within the block the process is no superuser; relative paths are those of a folder.

    Others may not pass the folder's parents, so it is entered before.
    """
    before, user = Path.cwd(), os.geteuid()
    os.chdir(folder)
    try:
        if user == 0:
            folder.chmod(0o755)
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(user)
        os.chdir(before)
