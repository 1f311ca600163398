"""Index of a folder of tables or figures: what it holds, and why something is not in it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tms.io import json_file
from tms.report.cell_lookup import NotMeasuredError


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
        The entries: name, title, drawn, reason ("" where drawn), caption, files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, (title, make) in makers.items():
        files = [f"{name}.{ending}" for ending in endings]
        entry = {"name": name, "title": title, "drawn": True, "reason": "", "caption": "", "files": files}
        try:
            made = make()
            made.save(folder)
            entry |= {"title": made.title, "caption": made.caption}
        except NotMeasuredError as reason:
            entry |= {"drawn": False, "reason": str(reason), "files": []}
            for file in files:
                (folder / file).unlink(missing_ok=True)
        entries.append(entry)
    json_file.write(folder / "index.json", entries, ensure_ascii=False)
    return entries
