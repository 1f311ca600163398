"""Completion cache: every generated row once, by a key of all that determines its text.

One folder a model (`{root}/{weights digest[:16]}`), in it Parquet segments that are written whole and never
changed, so any number of jobs may add rows at once and a killed job loses what it had not flushed.
"""

import errno
import hashlib
import json
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tms.generation.sampling import Sampling
from tms.io import disk, parquet_file
from tms.io.errors import InputError

FORMAT = "tms-row-1"
ROWS = 4096  # that are stored together in a segment: what is read where one of them is wanted
AT_ONCE = 8192  # rows that are decoded together, of segments from before `ROWS` too
SCHEMA = pa.schema(
    {
        "key": pa.string(),
        "completion_ids": pa.list_(pa.int32()),
        "finish_reason": pa.string(),
        "seconds": pa.float64(),
    }
)


@dataclass(frozen=True)
class Row:
    """A generated row as it is stored; its text is decoded when it is read, so that ids and text agree."""

    key: str
    completion_ids: list[int]  # includes the end token where finish_reason is "stop"
    finish_reason: str  # stop | length
    seconds: float  # this row's share of its batches' time


def row_key(
    weights: str,
    prompt_ids: list[int],
    sampling: Sampling,
    end_token_ids: list[int],
    engine: tuple[str, str],
    seed: int,
    sample: int,
) -> str:
    """Key of a row: SHA-256 (hex) over all that determines its text, and nothing else.

    No stage, limit, file or code digest enters, so methods, sweeps and restarts share what was generated.

    Args:
        weights: digest of the model's weights.
        prompt_ids: token ids of the prompt.
        sampling: how the completion is drawn.
        end_token_ids: tokens that end a completion.
        engine: name and version of the engine; they differ in the last bits of the logits.
        seed: seed of the stage that asks.
        sample: index among the samples of one prompt.
    """
    settings = list(vars(sampling).values())  # `asdict` would copy them, for each row
    text = json.dumps([FORMAT, weights, prompt_ids, settings, end_token_ids, list(engine), seed, sample])
    return hashlib.sha256(text.encode()).hexdigest()


class CompletionCache:
    """Rows of one model, as a context manager: leaving it flushes, and merges the segments that it wrote.

    A class of other rows names theirs, the columns in which they are stored, and their folder in the model's.

    Args:
        root: folder of the whole cache.
        weights: digest of the model's weights.
        flush_rows: rows after which a segment is written.
        flush_seconds: age of the oldest unwritten row after which a segment is written.
    """

    row: type = Row
    schema: pa.Schema = SCHEMA
    part = ""

    def __init__(self, root: Path, weights: str, flush_rows: int = ROWS, flush_seconds: float = 20.0):
        self.root = root
        self.folder = root / weights[:16] / self.part
        self.flush_rows, self.flush_seconds = flush_rows, flush_seconds
        self.waiting: list = []
        self.last_flush = time.monotonic()
        self.written: list[Path] = []

    def lookup(self, keys: list[str]) -> dict:
        """Find stored rows; keys that are not stored are left out.

        A segment that is damaged is reported in one line, kept under the name `*.corrupt`, and its rows
        are generated again.

        Raises:
            InputError: the system refuses to read the folder or a segment, which may be whole.
        """
        wanted = pa.array(set(keys), pa.string())
        stored: dict = {}
        for path in self._segments():
            try:
                found = self._read(path, wanted)
            except FileNotFoundError:
                continue  # merged away; the next round reads the merged segment
            except parquet_file.Damaged as damage:
                self._set_aside(path, str(damage))
                continue
            for row in found:
                stored.setdefault(row.key, row)
        return stored

    def add(self, rows: list) -> None:
        """Add rows; they are on disk after the next flush."""
        self.waiting += rows
        due = time.monotonic() - self.last_flush >= self.flush_seconds
        if self.waiting and (due or len(self.waiting) >= self.flush_rows):
            self.flush()

    def flush(self) -> None:
        """Write the waiting rows as a segment."""
        if self.waiting:
            columns = {name: [getattr(row, name) for row in self.waiting] for name in self.schema.names}
            self.written.append(self._write([pa.table(columns, schema=self.schema)]))
            self.waiting = []
        self.last_flush = time.monotonic()

    def close(self) -> None:
        """Flush, and merge the segments that this object wrote into one."""
        self.flush()
        if len(self.written) > 1:
            # The merged segment is in place before its parts go: a reader finds each row at all times.
            try:
                merged = self._write(self._groups(self.written))
            except (FileNotFoundError, parquet_file.Damaged):
                return  # whoever looks for its rows says so
            for path in self.written:
                path.unlink(missing_ok=True)
            self.written = [merged]

    def __enter__(self) -> "CompletionCache":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _write(self, tables: Iterable[pa.Table]) -> Path:
        path = self.folder / f"{uuid.uuid4().hex}.parquet"
        parquet_file.write_tables(self.schema, tables, path, leftovers="*", row_group_size=ROWS)
        return path

    def _groups(self, paths: list[Path]) -> Iterator[pa.Table]:
        """The rows of segments, in groups of `ROWS`: few of them are in memory at once."""
        left = self.schema.empty_table()
        for path in paths:
            with parquet_file.opened(path) as file:
                for group in range(file.num_row_groups):
                    left = pa.concat_tables([left, file.read_row_group(group)])
                    if whole := left.num_rows // ROWS * ROWS:
                        yield left.slice(0, whole)
                        left = left.slice(whole)
        if left.num_rows:
            yield left

    def _segments(self) -> Iterator[Path]:
        """Every segment, also those by which another job's merge replaces some meanwhile."""
        seen: set[Path] = set()
        while fresh := sorted(set(self._listed()) - seen):
            seen.update(fresh)
            yield from fresh

    def _listed(self) -> list[Path]:
        """The segments that are there.

        Raises:
            InputError: the system refuses to say.
        """
        try:
            return [path for path in self.folder.iterdir() if path.suffix == ".parquet"]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(disk.refused(error, self.folder) or f"{self.folder}: {error}") from error

    def _read(self, path: Path, wanted: pa.Array) -> list:
        """The wanted rows of a segment; one that another node has merged away is no longer found.

        Raises:
            FileNotFoundError: there is no such segment.
            InputError, Damaged: as `parquet_file.opened`.
        """
        try:
            with parquet_file.opened(path) as file:
                return self._found(file, wanted)
        except InputError as error:
            if getattr(error.__cause__, "errno", None) != errno.ESTALE:  # NFS: gone while it was read
                raise
        with parquet_file.opened(path) as file:
            return self._found(file, wanted)

    def _found(self, file: pq.ParquetFile, wanted: pa.Array) -> list:
        """The wanted rows of a segment.

        The keys are read first, and of the rest only row groups that hold wanted rows, a few rows at a time.

        Raises:
            Damaged: it has other columns than a segment's.
        """
        if not file.schema_arrow.equals(self.schema):
            raise parquet_file.Damaged("other columns than a segment's")
        found = []
        for group in range(file.num_row_groups):
            held = [
                pc.is_in(batch["key"], value_set=wanted)
                for batch in file.iter_batches(AT_ONCE, row_groups=[group], columns=["key"])
            ]
            left = sum(mask.true_count for mask in held)
            batches = file.iter_batches(AT_ONCE, row_groups=[group]) if left else ()
            for mask, batch in zip(held, batches, strict=False):  # the last ones hold none
                found += [self.row(**values) for values in batch.filter(mask).to_pylist()]
                left -= mask.true_count
                if not left:
                    break
        return found

    def _set_aside(self, path: Path, reason: str) -> None:
        aside = path.with_suffix(".corrupt")
        try:
            with suppress(FileNotFoundError):  # another job set it aside at the same time
                path.rename(aside)
        except OSError as error:
            raise InputError(f"{path}: unreadable ({reason}), and {disk.refused(error) or error}") from error
        print(
            f"warning: {path}: unreadable segment of the completion cache ({reason}); "
            f"kept as {aside.name}, its rows are generated again",
            file=sys.stderr,
        )
