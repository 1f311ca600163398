"""Rows of a file: JSONL, JSON, CSV or Parquet, with bounded memory for each row and with faults by line."""

import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tms.data.records.findings import Findings
from tms.data.records.text_files import (
    MOST_COLUMNS,
    REMEDY,
    csv_items,
    json_items,
    jsonl_items,
    lines_of,
)
from tms.io.errors import first_line

LARGEST = 4 << 30  # bytes of a file
LARGEST_JSON = 256 << 20  # of a JSON file, which is read as a whole
MOST_ROWS = 5_000_000  # empty ones take memory too
BATCH = 64  # rows of a Parquet file that are read at once
MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass
class Table:
    """Rows as a file or hub split has them.

    Attributes:
        columns: their names, as keys, in the order in which they were met.
        rows: place (line or row number, from 1) and the values of the wanted columns that the row has.
    """

    columns: dict[str, None] = field(default_factory=dict)
    rows: list[tuple[int, dict]] = field(default_factory=list)

    def take(self, items: Iterable[tuple[int, dict]], wanted: Collection[str], found: Findings) -> None:
        """Add rows, of each the wanted columns."""
        for place, item in items:
            if len(self.rows) == MOST_ROWS:
                found.add(place, f"over {MOST_ROWS} rows; take a part of them")
                return
            if len(self.columns) < MOST_COLUMNS and not self.columns.keys() >= item.keys():
                self.columns |= dict.fromkeys(list(item)[:MOST_COLUMNS])
            self.rows.append((place, {name: item[name] for name in wanted if name in item}))


def read_file(path: str, wanted: Collection[str], found: Findings) -> Table:
    """Read a file by its ending; its faults go into `found`."""
    table = Table()
    if fault := _file_fault(Path(path)):
        found.add(0, fault)
        return table
    if path.endswith(".parquet"):
        _read_parquet(path, wanted, table, found)
        return table
    with Path(path).open("rb") as stream:
        start = stream.read(4)
        stream.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)
        if encoding := MARKS.get(start[:2]):
            found.add(0, f"it is {encoding}; {REMEDY}")
        elif path.endswith(".json"):
            content = stream.read()
            one_line = content.lstrip().startswith(b"[") and b"\n" not in content.strip()
            if one_line:
                found.unit = "row"
            table.take(json_items(content, found.add, one_line), wanted, found)
        elif path.endswith(".csv"):
            table.take(csv_items(lines_of(stream, found.add), found.add, table.columns), wanted, found)
        else:
            table.take(jsonl_items(lines_of(stream, found.add), found.add), wanted, found)
    return table


def _file_fault(path: Path) -> str | None:
    """Fault that makes a file unreadable as a whole."""
    try:
        known = path.stat()
    except FileNotFoundError:
        return "no such file; correct the path (it begins at the folder in which you are)"
    except (OSError, ValueError) as error:
        return f"cannot be read ({first_line(error)})"
    if stat.S_ISDIR(known.st_mode):
        return "a folder; name a file in it"
    if not stat.S_ISREG(known.st_mode):
        return "no plain file; write the rows into one"
    if not os.access(path, os.R_OK):
        return "may not be read; change its permissions"
    if not known.st_size:
        return "the file is empty; write rows into it"
    limit = LARGEST_JSON if path.suffix == ".json" else LARGEST
    if known.st_size > limit:
        remedy = "write it as JSON lines (.jsonl)" if path.suffix == ".json" else "take a part of it"
        return f"{known.st_size >> 20} MiB, over {limit >> 20}; {remedy}"
    return None


def _read_parquet(path: str, wanted: Collection[str], table: Table, found: Findings) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = 0
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table.columns |= dict.fromkeys(file.schema_arrow.names[:MOST_COLUMNS])
            columns = [name for name in table.columns if name in wanted]
            size = 0
            for batch in file.iter_batches(BATCH, columns=columns):
                size += batch.nbytes  # a value that stands once in the file may be in many rows
                if size > LARGEST:
                    found.add(0, f"over {LARGEST >> 20} MiB of texts; take a part of it")
                    return
                rows = enumerate(batch.to_pylist(), start=place + 1)
                table.take(rows, wanted, found)
                if found.count:
                    return
                place += batch.num_rows
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        OverflowError,
        NotImplementedError,
        RecursionError,
    ) as error:
        found.add(place, f"no readable Parquet file ({first_line(error)}); write it again")
