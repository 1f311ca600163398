"""Copies of the project's folders for tests."""

import shutil
from pathlib import Path


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder with its compiled modules, so that the copy's programs need not compile them.

    Python begins to write a compiled module under a name of its own, which may go while the folder is copied.
    """
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.pyc.*"))
