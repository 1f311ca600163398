"""The row store: 1,000 rows of a job that ran before, among all that are stored for a model."""

WORK = "row store, 1,000 rows asked"
PEER = "pyarrow, `read_table` with a filter"
PACKAGES = ["pyarrow"]
FIRST = "1.8 s, 574 MB at 10^6"
REACH = {"seconds": 0.5, "megabytes": 200}
SIZES = [10_000, 100_000, 1_000_000]
ASKED = 1_000


def product(inputs):
    """The completion cache: keys of every segment, and of the rest what holds the rows."""
    from rows import _stored_rows
    from tms.generation.cache import CompletionCache

    folder, keys = _stored(inputs.size)
    return lambda: CompletionCache(folder, _stored_rows.WEIGHTS).lookup(keys)


def peer(inputs):
    """The same rows by a filter."""
    import pyarrow.parquet as pq

    from rows import _stored_rows
    from tms.generation.cache import Row

    folder, keys = _stored(inputs.size)

    def read() -> dict:
        place = folder / _stored_rows.WEIGHTS[:16]
        table = pq.read_table(place, filters=[("key", "in", keys)], partitioning=None)
        return {row["key"]: Row(**row) for row in table.to_pylist()}

    return read


def _stored(rows: int) -> tuple:
    from rows import _prepared, _stored_rows

    first = (rows - ASKED) // 2
    keys = [_stored_rows.key(number) for number in range(first, first + ASKED)]
    return _prepared.folder_of(_stored_rows.write_rows, rows), keys


def check(ours: dict, theirs: dict) -> None:
    """The same rows."""
    assert ours == theirs and len(ours) == ASKED
