"""Rows are found by what determines their text; no segment is lost silently."""

import errno
import os
import random
import threading
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.plain_user import plain_user

from tms.generation.cache import ROWS, CompletionCache, Row, row_key
from tms.generation.sampling import Sampling
from tms.io.disk import REMEDIES
from tms.io.errors import InputError

WEIGHTS = "0123456789abcdef" * 4
KEY_PARTS = {
    "weights": WEIGHTS,
    "prompt_ids": [1, 2, 3],
    "sampling": Sampling(temperature=0.7, top_p=0.9, top_k=5, max_new_tokens=8),
    "end_token_ids": [2],
    "engine": ("transformers", "5.17.0"),
    "seed": 0,
    "sample": 0,
}


def row(number: int) -> Row:
    return Row(f"key{number}", [number, 2], "stop", number / 8)


def segments(store: CompletionCache):
    return sorted(store.folder.glob("*.parquet"))


def test_golden_key():
    """Rows that exist are found again only while this stays."""
    assert row_key(**KEY_PARTS) == GOLDEN


@pytest.mark.parametrize(
    "change",
    [
        {"weights": "f" * 64},
        {"prompt_ids": [1, 2]},
        {"sampling": replace(KEY_PARTS["sampling"], temperature=0.8)},
        {"sampling": replace(KEY_PARTS["sampling"], top_p=0.8)},
        {"sampling": replace(KEY_PARTS["sampling"], top_k=0)},
        {"sampling": replace(KEY_PARTS["sampling"], max_new_tokens=9)},
        {"end_token_ids": [2, 3]},
        {"engine": ("vllm", "5.17.0")},
        {"engine": ("transformers", "5.18.0")},
        {"seed": 1},
        {"sample": 1},
    ],
)
def test_key_depends_on_every_part(change):
    assert row_key(**{**KEY_PARTS, **change}) != row_key(**KEY_PARTS)


def test_rows_come_back(tmp_path):
    with CompletionCache(tmp_path, WEIGHTS) as store:
        store.add([row(1), row(2)])
    found = CompletionCache(tmp_path, WEIGHTS).lookup(["key2", "key3", "key1", "key2"])
    assert found == {"key1": row(1), "key2": row(2)}
    assert CompletionCache(tmp_path, "f" * 64).lookup(["key1"]) == {}


def test_flushed_by_number_and_by_age(tmp_path):
    store = CompletionCache(tmp_path, WEIGHTS, flush_rows=3, flush_seconds=1000)
    store.add([row(1), row(2)])
    assert segments(store) == []
    store.add([row(3)])
    assert len(segments(store)) == 1
    aged = CompletionCache(tmp_path, WEIGHTS, flush_seconds=0)
    aged.add([row(4)])
    assert len(segments(store)) == 2


def test_merged_at_the_end(tmp_path):
    with CompletionCache(tmp_path, WEIGHTS) as other:
        other.add([row(100)])
    with CompletionCache(tmp_path, WEIGHTS, flush_rows=1) as store:
        for number in range(5):
            store.add([row(number)])
        assert len(segments(store)) == 6
    assert len(segments(store)) == 2
    assert len(store.lookup([f"key{number}" for number in (*range(5), 100)])) == 6


def test_what_was_waiting_is_kept_when_the_job_fails(tmp_path):
    with pytest.raises(KeyboardInterrupt), CompletionCache(tmp_path, WEIGHTS) as store:
        store.add([row(1)])
        raise KeyboardInterrupt
    assert CompletionCache(tmp_path, WEIGHTS).lookup(["key1"]) == {"key1": row(1)}


def test_same_row_from_two_jobs(tmp_path):
    for _ in range(2):
        with CompletionCache(tmp_path, WEIGHTS) as store:
            store.add([row(1)])
    assert CompletionCache(tmp_path, WEIGHTS).lookup(["key1"]) == {"key1": row(1)}


@pytest.mark.parametrize("damage", ["truncated", "empty", "of another schema"])
def test_damaged_segment_is_set_aside(tmp_path, capsys, damage):
    with CompletionCache(tmp_path, WEIGHTS) as store:
        store.add([row(1)])
    (damaged,) = segments(store)
    if damage == "of another schema":
        pq.write_table(pa.table({"key": [1.5]}), damaged)
    else:
        damaged.write_bytes(damaged.read_bytes()[:-40] if damage == "truncated" else b"")
    content = damaged.read_bytes()
    with CompletionCache(tmp_path, WEIGHTS) as store:
        store.add([row(2)])
    assert CompletionCache(tmp_path, WEIGHTS).lookup(["key1", "key2"]) == {"key2": row(2)}
    (line,) = capsys.readouterr().err.splitlines()
    assert str(damaged) in line
    assert damaged.with_suffix(".corrupt").read_bytes() == content
    assert not damaged.exists()


def test_no_flipped_bit_is_served(tmp_path, capsys):
    """Each row comes back as it was, or its segment is set aside: none is lost silently."""
    rows = [row(number) for number in range(200)]
    with CompletionCache(tmp_path, WEIGHTS) as store:
        store.add(rows)
    (segment,) = segments(store)
    whole, draw = segment.read_bytes(), random.Random(0)
    for _ in range(100):
        place = draw.randrange(len(whole))
        segment.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        found = store.lookup([one.key for one in rows])
        assert "warning: " in capsys.readouterr().err or list(found.values()) == rows
        segment.with_suffix(".corrupt").unlink(missing_ok=True)


def test_a_segment_of_another_user_stays(tmp_path):
    """It may be whole: neither is it renamed for everybody, nor are its rows generated again."""
    with CompletionCache(tmp_path, WEIGHTS) as store:
        store.add([row(1)])
    (segment,) = segments(store)
    tmp_path.joinpath(WEIGHTS[:16]).chmod(0o777)
    segment.chmod(0)
    line = rf"^{WEIGHTS[:16]}/{segment.name}: Permission denied; give this user the right to it"
    with plain_user(tmp_path), pytest.raises(InputError, match=line):
        CompletionCache(Path(), WEIGHTS).lookup(["key1"])
    segment.parent.chmod(0)
    line = rf"^{WEIGHTS[:16]}: Permission denied; give this user the right to it"
    with plain_user(tmp_path), pytest.raises(InputError, match=line):
        CompletionCache(Path(), WEIGHTS).lookup(["key1"])
    segment.parent.chmod(0o755)
    assert segments(store) == [segment] and store.lookup(["key1"]) == {"key1": row(1)}


REFUSALS = [
    errno.EIO,
    errno.ESTALE,
    errno.ENFILE,
    errno.EMFILE,
    errno.ENOTCONN,
    errno.ENOLINK,
    errno.EREMOTEIO,
]


@pytest.mark.parametrize("number", REFUSALS)
def test_a_segment_that_the_system_does_not_give_stays(tmp_path, monkeypatch, number):
    with CompletionCache(tmp_path, WEIGHTS) as store:
        store.add([row(1)])
    (segment,) = segments(store)

    def refuse(name):
        raise OSError(number, f"Failed to open local file '{name}'")

    with monkeypatch.context() as patched, pytest.raises(InputError) as error:
        patched.setattr(pa, "OSFile", refuse)
        store.lookup(["key1"])
    line = str(error.value)
    assert line.startswith(
        f"{segment}: {os.strerror(number)}; " if number in REMEDIES else f"{segment}: cannot"
    )
    assert segments(store) == [segment] and store.lookup(["key1"]) == {"key1": row(1)}


def test_segments_from_before_checksums_are_read(tmp_path):
    """One group of rows, as pyarrow writes them by itself."""
    store = CompletionCache(tmp_path, WEIGHTS)
    store.folder.mkdir()
    rows = [row(number) for number in range(20_000)]
    columns = {name: [getattr(one, name) for one in rows] for name in store.schema.names}
    pq.write_table(pa.table(columns, schema=store.schema), store.folder / "old.parquet", compression="zstd")
    wanted = (0, 8191, 8192, 12_345, 19_999)
    found = store.lookup([f"key{number}" for number in (*wanted, 20_000)])
    assert found == {f"key{number}": row(number) for number in wanted}


def test_one_for_which_there_is_no_memory_stays(tmp_path, monkeypatch):
    """It may be whole, though it has no checksum that says so."""
    store = CompletionCache(tmp_path, WEIGHTS)
    store.folder.mkdir()
    columns = {name: [getattr(row(1), name)] for name in store.schema.names}
    pq.write_table(pa.table(columns, schema=store.schema), store.folder / "old.parquet")

    def refuse(*_, **__):
        raise pa.ArrowMemoryError("malloc of size 64 failed")

    with (
        monkeypatch.context() as patched,
        pytest.raises(InputError, match=r"old\.parquet: no memory for what"),
    ):
        patched.setattr(pq, "ParquetFile", refuse)
        store.lookup(["key1"])
    assert store.lookup(["key1"]) == {"key1": row(1)}


def test_rows_of_all_groups_are_found(tmp_path):
    rows = [row(number) for number in range(3 * ROWS)]
    with CompletionCache(tmp_path, WEIGHTS, flush_rows=2 * ROWS) as store:
        store.add(rows)
    assert pq.read_metadata(segments(store)[0]).num_row_groups == 3
    wanted = (0, ROWS - 1, ROWS, 3 * ROWS - 1)
    assert store.lookup([f"key{number}" for number in wanted]) == {f"key{n}": row(n) for n in wanted}
    assert len(store.lookup([one.key for one in rows])) == 3 * ROWS


def test_merged_segments_have_whole_groups(tmp_path):
    """Of many small parts, too: a job of a day flushes thousands of times."""
    with CompletionCache(tmp_path, WEIGHTS, flush_rows=3000) as store:
        for part in range(4):
            store.add([row(3000 * part + number) for number in range(3000)])
    (segment,) = segments(store)
    held = pq.read_metadata(segment)
    sizes = [held.row_group(number).num_rows for number in range(held.num_row_groups)]
    assert sizes == [ROWS, ROWS, 12_000 - 2 * ROWS]


def test_what_a_killed_job_left_is_removed(tmp_path):
    store = CompletionCache(tmp_path, WEIGHTS)
    store.folder.mkdir()
    (store.folder / ".0123.parquet.0a1b2c3d.unfinished").write_bytes(b"PAR1")
    with store:
        store.add([row(1)])
    assert [path.suffix for path in store.folder.iterdir()] == [".parquet"]


def test_parts_that_are_damaged_are_not_merged(tmp_path, capsys):
    with CompletionCache(tmp_path, WEIGHTS, flush_rows=1) as store:
        store.add([row(1)])
        store.add([row(2)])
        store.written[0].write_bytes(b"PAR1")
    assert store.lookup(["key1", "key2"]) == {"key2": row(2)}
    assert "warning: " in capsys.readouterr().err


def test_unfinished_segment_is_ignored(tmp_path, capsys):
    store = CompletionCache(tmp_path, WEIGHTS)
    store.folder.mkdir()
    (store.folder / "killed.unfinished").write_bytes(b"PAR1")
    assert store.lookup(["key1"]) == {}
    assert capsys.readouterr().err == ""


def test_readers_find_every_row_while_others_write_and_merge(tmp_path):
    """Eight jobs write and merge while a reader looks: what was once visible never disappears."""

    def job(number: int) -> None:
        with CompletionCache(tmp_path, WEIGHTS, flush_rows=1) as store:
            for place in range(10):
                store.add([row(100 * number + place)])

    jobs = [threading.Thread(target=job, args=(number,)) for number in range(8)]
    keys = [f"key{100 * number + place}" for number in range(8) for place in range(10)]
    for thread in jobs:
        thread.start()
    seen: set[str] = set()
    while any(thread.is_alive() for thread in jobs):
        found = set(CompletionCache(tmp_path, WEIGHTS).lookup(keys))
        assert seen <= found
        seen = found
    for thread in jobs:
        thread.join()
    assert len(CompletionCache(tmp_path, WEIGHTS).lookup(keys)) == 80


GOLDEN = "3aaa17eaaa228db163bc60cee5abafa7df036cd066710f1fa79b85e438c560c4"


@pytest.mark.parametrize("gone", [True, False])
def test_a_segment_that_another_node_removes_while_it_is_read(tmp_path, monkeypatch, gone):
    """NFS gives ESTALE for an open file that is gone; opened again it is not there, or is read."""
    with CompletionCache(tmp_path, WEIGHTS) as store:
        store.add([row(1)])
    found, stale = CompletionCache._found, [True]

    def once(self, file, wanted):
        if stale:
            stale.clear()
            if gone:
                segments(store)[0].unlink()
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return found(self, file, wanted)

    monkeypatch.setattr(CompletionCache, "_found", once)
    assert CompletionCache(tmp_path, WEIGHTS).lookup(["key1"]) == ({} if gone else {"key1": row(1)})
