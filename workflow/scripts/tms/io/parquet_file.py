"""Parquet files with a checksum of all their bytes, by which any flipped bit is noticed.

Pages have Parquet's own checksums, which every reader knows. But these cover neither the headers of pages nor
the footer, in which are the columns' names and types, where rows lie, and the statistics by which filters
skip rows. So between the last page and the footer, where Parquet allows any bytes, there are 20 more: `MARK`
and the CRC-32 of all others, as 8 hexadecimal digits. A reader compares it before anything is decoded. Files
without it were written before there was one, or by another program; only their pages' checksums are compared.
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tms.io import disk
from tms.io.checksum import CHANGED
from tms.io.errors import InputError, first_line
from tms.io.whole_file import writing

MARK = b"\ntms-crc-32:"
SEAL = len(MARK) + 8
TAIL = 8  # a Parquet file's last bytes: the footer's length (4, little-endian), `PAR1`
BLOCK = 1 << 20


class Damaged(Exception):
    """A file is no whole Parquet file; the message says in which way, without its name."""


def write_tables(
    schema: pa.Schema,
    tables: Iterable[pa.Table],
    path: Path,
    leftovers: str | None = None,
    row_group_size: int | None = None,
) -> None:
    """Write tables one after the other as a file with checksums, whole or not at all.

    Args:
        schema: of all tables.
        tables: the rows.
        path: target file; its folder is made.
        leftovers: as of `whole_file.writing`.
        row_group_size: rows that are stored together, and read together where one of them is wanted.

    Raises:
        InputError: as `whole_file.writing`.
    """
    with writing(path, leftovers) as unfinished:
        with pq.ParquetWriter(unfinished, schema, compression="zstd", write_page_checksum=True) as file:
            for table in tables:
                file.write_table(table, row_group_size)
        _seal(unfinished)


@contextmanager
def opened(path: Path, metadata: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
    """Open a file whose checksum agrees; all reading and decoding belongs into the block.

    Args:
        path: the file.
        metadata: of the file when it was opened before: neither they nor its checksum are read again.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: the system refuses to read it, or has no memory for it: it may be whole.
        Damaged: it is no whole Parquet file.
    """
    sealed = False
    try:
        with pa.OSFile(str(path)) as source:
            sealed = metadata is not None or _compare(source)
            # Without buffers of whole columns: of a large file little more is held than what is read of it.
            yield pq.ParquetFile(
                source,
                metadata=metadata,
                page_checksum_verification=True,
                pre_buffer=False,
                buffer_size=BLOCK // 16,
            )
    except (InputError, FileNotFoundError):
        raise
    except MemoryError as error:
        if sealed:
            raise
        raise InputError(
            f"{path}: no memory for what it says that it holds; end other programs and run again, or delete "
            f"it, if there was enough"
        ) from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        # What is decoded wrong has no number; a number is the system's, of which there are more than lines.
        if (line := disk.refused(error, path)) or getattr(error, "errno", None):
            raise InputError(line or f"{path}: cannot be read ({error})") from error
        raise Damaged(first_line(error)) from error


def _seal(path: Path) -> None:
    """Put the checksum before the footer of a file that is written."""
    with path.open("r+b") as file:
        size = file.seek(-TAIL, 2) + TAIL
        start = size - TAIL - int.from_bytes(file.read(4), "little")
        file.seek(start)
        rest = file.read()
        file.seek(0)
        found = 0
        while start and (block := file.read(min(BLOCK, start))):
            found, start = zlib.crc32(block, found), start - len(block)
        file.write(MARK + f"{zlib.crc32(rest, found):08x}".encode() + rest)


def _compare(source: pa.NativeFile) -> bool:
    """Whether a file has a checksum.

    Raises:
        Damaged: its bytes have another one.
    """
    size = source.size()
    if size < SEAL + TAIL:
        return False
    start = size - TAIL - int.from_bytes(source.read_at(4, size - TAIL), "little") - SEAL
    if start < 0 or not (seal := source.read_at(SEAL, start)).startswith(MARK):
        return False
    found = 0
    for first, end in ((0, start), (start + SEAL, size)):
        source.seek(first)
        while first < end and (block := source.read_buffer(min(BLOCK, end - first))):
            found, first = zlib.crc32(block, found), first + len(block)
    if f"{found:08x}".encode() != seal[len(MARK) :]:
        raise Damaged(CHANGED)
    source.seek(0)
    return True
