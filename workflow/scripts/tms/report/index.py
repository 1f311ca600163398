"""What a folder of tables or figures holds, and why something is not in it."""

import json
from pathlib import Path


def drawn(name: str, title: str, caption: str, endings: tuple[str, ...]) -> dict:
    """Entry of the index for what was drawn."""
    files = [f"{name}.{ending}" for ending in endings]
    return {"name": name, "title": title, "drawn": True, "reason": "", "caption": caption, "files": files}


def not_drawn(folder: Path, name: str, title: str, reason: str, endings: tuple[str, ...]) -> dict:
    """Entry of the index for what was not drawn; its files of an earlier call go."""
    for ending in endings:
        (folder / f"{name}.{ending}").unlink(missing_ok=True)
    return {"name": name, "title": title, "drawn": False, "reason": reason, "caption": "", "files": []}


def write_index(folder: Path, entries: list[dict]) -> None:
    """Write `index.json`: the entries in reading order."""
    text = json.dumps(entries, indent=1, ensure_ascii=False)
    (folder / "index.json").write_text(text + "\n")
