"""Work folders of long stages, in which they resume: each named by everything that its result depends on.

Snakemake deletes the declared outputs of a failed job, so unfinished work lives outside them; a run whose
flags, code or inputs differ gets another folder and never resumes stale work.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

from tms.io import disk
from tms.io.whole_file import write_text


def open_work_folder(root: Path, stage: str, facts: dict) -> Path:
    """Make (or find again) the work folder of a run.

    Args:
        root: where work folders lie.
        stage: stage name, the first part of the folder's name.
        facts: JSON-able flags, code digests, input digests and output path; the rest of the name is their
            digest. They are kept in `facts.json` there.
    """
    text = json.dumps(facts, sort_keys=True, indent=1)
    folder = root / f"{stage}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    write_text(folder / "facts.json", text + "\n")
    return folder


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's contents."""
    with disk.reading(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def publish(finished: Path, target: Path) -> None:
    """Put a finished folder into its declared place, whole or not at all, replacing what is there.

    Files are hard-linked where the file system allows it, so the work folder stays complete until the run
    ends: a job that is killed between two folders has lost neither.
    """
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(finished, unfinished, copy_function=_link)
    if target.exists():
        shutil.rmtree(target)
    unfinished.rename(target)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
