"""CSV files and their numbers."""

import zlib
from pathlib import Path

import pytest

from tms.io import whole_file
from tms.io.csv_file import as_csv, checksum_file, decimal, read_csv, values_of, write_csv
from tms.io.errors import InputError

LINES = [{"row": "base", "chain": "0.3000"}, {"row": 'tms, "größer"', "chain": "0.5000"}]
CHANGED = "not a readable CSV file (its checksum does not agree: it was changed); delete it and run again"


@pytest.fixture
def file(tmp_path):
    write_csv(tmp_path / "x.csv", ["row", "chain"], LINES)
    return tmp_path / "x.csv"


@pytest.mark.parametrize(
    "value, text", [(None, ""), (-0.00004, "0.0000"), (0.0, "0.0000"), (-0.1, "-0.1000"), (1 / 3, "0.3333")]
)
def test_numbers_are_printed_with_fixed_decimals(value, text):
    assert decimal(value, 4) == text


def test_a_table_is_read_back(tmp_path):
    write_csv(tmp_path / "new" / "table.csv", ["row", "chain"], [{"row": "tms", "chain": "0.5"}])
    assert (tmp_path / "new" / "table.csv").read_text() == "row,chain\ntms,0.5\n"
    assert read_csv(tmp_path / "new" / "table.csv", ["chain"]) == [{"row": "tms", "chain": "0.5"}]


def test_the_checksum_lies_hidden_beside_a_file_whose_bytes_are_plain_csv(file):
    text = 'row,chain\nbase,0.3000\n"tms, ""größer""",0.5000\n'
    assert file.read_bytes() == as_csv(["row", "chain"], LINES) == text.encode()
    assert sorted(entry.name for entry in file.parent.iterdir()) == [".x.csv.crc", "x.csv"]
    assert checksum_file(file).read_text() == f"{zlib.crc32(text.encode()):08x}\n"


def test_every_flipped_bit_is_noticed(file):
    whole = file.read_bytes()
    for bit in range(8 * len(whole)):
        file.write_bytes(whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :])
        with pytest.raises(InputError) as error:
            read_csv(file, ["row"])
        assert str(error.value) == f"{file}: {CHANGED}"
    file.write_bytes(whole)
    assert read_csv(file, ["row"]) == LINES


def test_every_cut_is_noticed(file):
    whole = file.read_bytes()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        with pytest.raises(InputError) as error:
            read_csv(file, ["row"])
        assert str(error.value) == f"{file}: {CHANGED}"


def test_a_damaged_checksum_is_noticed(file):
    beside = checksum_file(file)
    whole = beside.read_bytes()
    damages = [whole[:size] for size in range(len(whole))]
    damages += [bytes(byte ^ (place == at) for place, byte in enumerate(whole)) for at in range(len(whole))]
    for damage in damages:
        beside.write_bytes(damage)
        with pytest.raises(InputError, match="checksum does not agree"):
            read_csv(file, ["row"])


def test_files_without_a_checksum_are_read(file):
    """From before, a copy, or a change that somebody means."""
    checksum_file(file).unlink()
    file.write_text("row,chain\nbase,0.4\n")
    assert read_csv(file, ["row"]) == [{"row": "base", "chain": "0.4"}]


def test_what_was_deleted_or_changed_is_written_again(file):
    for damage in (file.unlink, lambda: file.write_text("row\n")):
        damage()
        write_csv(file, ["row"], [{"row": "new"}])
        assert read_csv(file, ["row"]) == [{"row": "new"}]


@pytest.mark.parametrize("writes", range(4))
def test_what_is_killed_at_any_moment_leaves_a_file_that_is_read(file, monkeypatch, writes):
    """A kill before or after each of the two files gets its name."""

    class KilledError(BaseException):
        pass

    replace, done = Path.replace, []

    def killed(*paths):
        done.append(len(done))
        if writes == 2 * done[-1]:
            raise KilledError
        replace(*paths)
        if writes == 2 * done[-1] + 1:
            raise KilledError

    monkeypatch.setattr(whole_file.Path, "replace", killed)
    with pytest.raises(KilledError):
        write_csv(file, ["row"], [{"row": "new"}])
    assert read_csv(file, ["row"]) == (LINES if writes == 0 else [{"row": "new"}])


def test_a_folder_in_a_files_place_is_told(file):
    with pytest.raises(InputError, match="Is a directory; correct the path"):
        read_csv(file.parent, ["row"])


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "empty.csv").write_text("row\n")
    for name in ("missing.csv", "empty.csv"):
        with pytest.raises(InputError, match=name):
            read_csv(tmp_path / name, ["row"])
    assert read_csv(tmp_path / "empty.csv", ["row"], empty=True) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column row"),
        (b"row,chain\ntms\n", "row 1 has not 2 values"),
        (b"row,chain\ntms,1\ntms,1,2\n", "row 2 has not 2 values"),
        (b"row,chain\ntms,\xff\n", "not a readable CSV file"),
        (b'row,chain\n"tms,1\n', "not a readable CSV file"),
        (b"rov,chain\ntms,1\n", "no column row"),
    ],
)
def test_a_damaged_file_is_one_line_that_names_it(tmp_path, content, words):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"x\.csv: .*{words}"):
        read_csv(tmp_path / "x.csv", ["row"])


@pytest.mark.parametrize("work", [lambda: float("0.1x"), lambda: {}["floor"], lambda: int("")])
def test_a_value_that_cannot_be_read_is_one_line_that_names_the_file(tmp_path, work):
    with pytest.raises(InputError, match=r"x\.csv: a value cannot be read"), values_of(tmp_path / "x.csv"):
        work()
