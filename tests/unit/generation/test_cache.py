"""Rows are found by what determines their text; no segment is lost silently."""

import threading
from dataclasses import replace

import pytest

from tms.generation.cache import CompletionCache, Row, row_key
from tms.generation.sampling import Sampling

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
        import pyarrow as pa
        import pyarrow.parquet as pq

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
