"""CSV files and their numbers."""

import pytest

from tms.io.csv_file import decimal, read_csv, write_csv
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
