"""Index of a folder of tables or figures: what it holds, and why something is not in it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tms.io import disk, json_file
from tms.io.checksum import CHANGED, checksum
from tms.io.errors import InputError
from tms.report.cell_lookup import NotMeasuredError

DRAW_AGAIN = "delete the folder and draw again"


def write_all(
    folder: Path, makers: Mapping[str, tuple[str, Callable]], endings: tuple[str, ...]
) -> list[dict]:
    """Make and save every table or figure, and write `index.json`: an entry each, in reading order.

    Args:
        folder: made if it is missing.
        makers: name -> title in the index, and a function that makes the table or figure; where it raises
            `NotMeasuredError`, the entry says so and files of an earlier call go.
        endings: of the files that `save` writes.

    Returns:
        The entries: name, title, drawn, reason ("" where drawn), caption, files, checksums of these.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.json").unlink(missing_ok=True)  # none is there beside files of which it says nothing
    entries = []
    for name, (title, make) in makers.items():
        files = [f"{name}.{ending}" for ending in endings]
        entry = {"name": name, "title": title, "drawn": True, "reason": "", "caption": "", "files": files}
        entry["checksums"] = {}
        try:
            made = make()
            made.save(folder)
            entry |= {"title": made.title, "caption": made.caption}
            entry["checksums"] = {file: checksum((folder / file).read_bytes()) for file in files}
        except NotMeasuredError as reason:
            entry |= {"drawn": False, "reason": str(reason), "files": []}
            for file in files:
                (folder / file).unlink(missing_ok=True)
        entries.append(entry)
    json_file.write(folder / "index.json", entries, ensure_ascii=False)
    return entries


def read(folder: Path) -> list[dict]:
    """The entries of a folder's index, whose files are there and were not changed.

    Of files without a checksum, written before there was one, nothing is known.

    Raises:
        InputError: the index cannot be read, or a file that it lists is missing or was changed.
    """
    entries = json_file.read_list(folder / "index.json", "index", DRAW_AGAIN)
    for entry in entries:
        checksums = entry.get("checksums", {})
        for name in entry["files"]:
            data = disk.read(folder / name)
            if data is None:
                raise InputError(f"{folder}/{name}: listed in index.json but missing; {DRAW_AGAIN}")
            if name in checksums and checksums[name] != checksum(data):
                raise InputError(f"{folder}/{name}: {CHANGED}; {DRAW_AGAIN}")
    return entries
