"""CSV files and their numbers."""

import pytest

from tms.io.csv_file import decimal, read_csv, values_of, write_csv
from tms.io.errors import InputError


@pytest.mark.parametrize(
    "value, text", [(None, ""), (-0.00004, "0.0000"), (0.0, "0.0000"), (-0.1, "-0.1000"), (1 / 3, "0.3333")]
)
def test_numbers_are_printed_with_fixed_decimals(value, text):
    assert decimal(value, 4) == text


def test_a_table_is_read_back(tmp_path):
    write_csv(tmp_path / "new" / "table.csv", ["row", "chain"], [{"row": "tms", "chain": "0.5"}])
    assert (tmp_path / "new" / "table.csv").read_text() == "row,chain\ntms,0.5\n"
    assert read_csv(tmp_path / "new" / "table.csv", ["chain"]) == [{"row": "tms", "chain": "0.5"}]


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
