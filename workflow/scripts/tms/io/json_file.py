"""JSON files: one way to read them, by which a damaged one is a line, and one to write them, with a checksum.

JSON allows white space behind its value. So a file's last line is 32 of it: the CRC-32 of all before, a tab
for each bit that is set and a space for each other. Whoever reads the file sees the value alone. Files
without such a line were written before there was one, by hand, or by another program.
"""

import json
import re
import zlib
from pathlib import Path

from tms.io import disk
from tms.io.checksum import CHANGED
from tms.io.errors import InputError
from tms.io.whole_file import write_bytes

MISSING = "run the stage that makes it"
DELETE = "delete it and run again"
SEAL = re.compile(rb"\n([ \t]{32})\n\Z")
BITS = bytes.maketrans(b"01", b" \t")


def write(path: Path, content: object, indent: int | None = 1, ensure_ascii: bool = True) -> None:
    """Write a JSON file, whole or not at all.

    Raises:
        InputError: as `whole_file.writing`.
    """
    text = json.dumps(content, indent=indent, ensure_ascii=ensure_ascii).encode()
    write_bytes(path, text + b"\n" + _seal(text) + b"\n")


def read(path: Path, what: str = "JSON file", remedy: str = DELETE, keys: dict | None = None) -> dict:
    """Read a JSON object.

    Args:
        path: the file.
        what: words for what it is, after "not a readable".
        remedy: words for what to do where it cannot be read.
        keys: key -> type of its value (or several), of those that it must have.

    Raises:
        InputError: it is missing, empty, cut or changed, not UTF-8, or no object with these keys.
    """
    content = _read(path, what, remedy, dict, "object")
    for key, kind in (keys or {}).items():
        if key not in content or not isinstance(content[key], kind):
            fault = f"no {key}" if key not in content else f"{key} is {_shown(content[key])}"
            raise InputError(f"{path}: not a readable {what} ({fault}); {remedy}")
    return content


def read_list(path: Path, what: str = "JSON file", remedy: str = DELETE, of: type = dict) -> list:
    """Read a JSON list.

    Args:
        path: the file.
        what, remedy: as of `read`.
        of: type of its entries.

    Raises:
        InputError: it is missing, empty, cut or changed, not UTF-8, or no list of such entries.
    """
    content = _read(path, what, remedy, list, "list")
    if strange := [entry for entry in content if not isinstance(entry, of)]:
        raise InputError(f"{path}: not a readable {what} (an entry is {_shown(strange[0])}); {remedy}")
    return content


def _read(path: Path, what: str, remedy: str, kind: type, name: str):
    data = disk.read(path)
    if data is None:
        remedy = MISSING if remedy == DELETE else remedy.removeprefix("delete it and ")
        raise InputError(f"{path}: no such file; {remedy}")
    try:
        if (seal := SEAL.search(data)) and seal[1] != _seal(data[: seal.start()]):
            raise ValueError(CHANGED)
        content = json.loads(data.decode())
        if not isinstance(content, kind):
            raise ValueError(f"{_shown(content)} where a JSON {name} belongs")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a readable {what} (not UTF-8); {remedy}") from error
    except (ValueError, RecursionError) as error:
        told = "empty" if not data.strip() else str(error).splitlines()[0]
        raise InputError(f"{path}: not a readable {what} ({told}); {remedy}") from error
    return content


def _seal(text: bytes) -> bytes:
    return f"{zlib.crc32(text):032b}".encode().translate(BITS)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
