"""No flipped bit is read as rows, wherever it is in a file."""

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tms.io import parquet
from tms.io.errors import InputError
from tms.io.parquet_file import MARK, SEAL

COLUMNS = ["example_id", "completion", "completion_ids", "epoch", "grade"]
DRAW = random.Random(0)
ROWS = [
    {
        "example_id": f"e{number}",
        "completion": " ".join(DRAW.choices(["so", "the", "answer", "is", "12"], k=8)),
        "completion_ids": [DRAW.randrange(1500) for _ in range(8)],
        "epoch": number,
        "grade": DRAW.random(),
    }
    for number in range(50)
]
FACTS = {"stage": "harvest", "command": ["harvest.py"]}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.parquet"
    parquet.write(path, COLUMNS, ROWS, FACTS)
    return path


def flipped(whole: bytes, bit: int) -> bytes:
    return whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :]


def test_every_flipped_bit_is_noticed_or_changes_nothing(file):
    """Some bits of each part, the footer and the last bytes among them; only the mark's own may go unseen."""
    whole = file.read_bytes()
    mark = whole.rindex(MARK)
    places = [*range(0, mark, 61), *range(mark, mark + SEAL), *range(mark + SEAL, len(whole), 37)]
    for place in [*places, *range(len(whole) - 8, len(whole))]:
        file.write_bytes(flipped(whole, 8 * place + place % 8))
        try:
            assert (parquet.read(file, COLUMNS), parquet.provenance(file)) == (ROWS, FACTS)
            assert mark <= place < mark + len(MARK)
        except InputError as error:
            assert str(error).startswith(f"{file}: not a readable Parquet file (")
            assert str(error).endswith("; delete it and run again") and "\n" not in str(error)


def test_files_without_a_checksum_are_read(tmp_path):
    """As they were written before: neither of the file nor of its pages."""
    path = tmp_path / "old.parquet"
    pq.write_table(pa.table({"epoch": list(range(1000))}), path, compression="zstd")
    assert parquet.read(path, ["epoch"]) == [{"epoch": number} for number in range(1000)]
    assert parquet.count(path) == 1000 and parquet.provenance(path) == {}


def test_of_a_file_without_its_own_checksum_pages_are_compared(tmp_path):
    """As another program writes it."""
    path = tmp_path / "other.parquet"
    table = pa.table({"epoch": list(range(1000))})
    pq.write_table(table, path, compression="none", use_dictionary=False, write_page_checksum=True)
    whole = path.read_bytes()
    path.write_bytes(flipped(whole, 8 * 4000))
    with pytest.raises(InputError, match=r"other\.parquet: not a readable Parquet file \(.*CRC"):
        parquet.read(path, ["epoch"])


def test_other_readers_read_the_files_and_find_page_checksums(file):
    assert pq.read_table(file, page_checksum_verification=True).to_pylist() == ROWS
    whole = file.read_bytes()
    file.write_bytes(flipped(whole, 8 * 300))
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(file, page_checksum_verification=True)


def test_filters_choose_rows(file):
    chosen = parquet.read(file, ["example_id", "epoch"], [[("example_id", "in", ["e7", "e3"])]])
    assert chosen == [{"example_id": "e3", "epoch": 3}, {"example_id": "e7", "epoch": 7}]
    assert parquet.read(file, ["epoch"], [[("epoch", "==", -1)]]) == []


@pytest.mark.parametrize("facts", [b"", b"null", b"[]", b"{", b'{"stage": "\xff"}'])
def test_provenance_that_is_no_object_is_damage(tmp_path, facts):
    path = tmp_path / "x.parquet"
    schema = pa.schema([("epoch", pa.int64())], metadata={b"tms": facts})
    pq.write_table(pa.table({"epoch": [1]}, schema=schema), path)
    with pytest.raises(InputError, match=r"x\.parquet: not a readable Parquet file"):
        parquet.provenance(path)


def test_a_file_that_this_user_may_not_read_is_not_called_damaged(file, monkeypatch):
    def refuse(name):
        raise PermissionError(13, f"Failed to open local file '{name}'")

    monkeypatch.setattr(pa, "OSFile", refuse)
    with pytest.raises(InputError, match=r"x\.parquet: Permission denied; give this user the right to it"):
        parquet.read(file, COLUMNS)
