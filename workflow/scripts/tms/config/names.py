"""Names of the configuration's entries, which become those of folders and files."""

import re

RESERVED = {
    "base",
    "cells",
    "tables",
    "figures",
    "all",
    "hub",
    "wheels",
}  # the workflow's own folders
FILES = (".csv", ".html", ".json", ".parquet")  # endings of files that lie beside folders of those names
LONGEST = 100  # letters of a name: several of them, and an ending, make the name of one log


def name_fault(part: str, name: str) -> str | None:
    """Fault of the name of an entry of a section; None: none."""
    shown = f"{part}.{name}" if name.isprintable() else f"{part}: {name!r}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) or name in RESERVED or name.endswith(FILES):
        return (
            f"config: {shown}: names are folders: use letters, digits, '_', '.', '-', none of "
            f"{', '.join(sorted(RESERVED))}, and no ending {', '.join(FILES)}"
        )
    if len(name) > LONGEST:
        return f"config: {shown}: a name has at most {LONGEST} letters, for it is part of file names"
    return None
