"""Rows on disk: what is written is read again, and damage is named."""

import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.paths import SCRIPTS
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.io import parquet
from tms.io.errors import InputError

COLUMNS = ["example_id", "completion", "completion_ids", "epoch", "grade"]
ROW = st.fixed_dictionaries(
    {
        "example_id": st.text(max_size=8),
        "completion": st.text(max_size=40),
        "completion_ids": st.lists(st.integers(0, 2**31 - 1), max_size=5),
        "epoch": st.integers(-(2**63), 2**63 - 1),
        "grade": st.floats(allow_nan=False),
    }
)


@settings(max_examples=30)
@given(st.lists(ROW, max_size=5))
def test_rows_survive_the_disk(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("rows") / "folder" / "x.parquet"
    parquet.write(path, COLUMNS, written, {"stage": "test"})
    assert parquet.read(path, COLUMNS) == written
    assert parquet.read(path, ["epoch"]) == [{"epoch": row["epoch"]} for row in written]


def test_provenance_travels_with_the_file(tmp_path):
    facts = {"stage": "plan_mixture", "weights": [0.5, 0.5], "nested": {"seed": 0}}
    parquet.write(tmp_path / "x.parquet", ["epoch"], [{"epoch": 1}], facts)
    assert parquet.provenance(tmp_path / "x.parquet") == facts


def test_every_schema_is_made_of_known_columns():
    schemas = [
        parquet.EXAMPLES,
        parquet.COMPLETIONS,
        parquet.REFERENCES,
        parquet.REJECTS,
        parquet.PLAN,
        parquet.MIXTURE,
    ]
    for schema in [*schemas, parquet.GRADES]:
        assert set(schema) <= set(parquet.COLUMNS)
        assert len(set(schema)) == len(schema)


def test_nothing_is_left_where_writing_fails(tmp_path):
    with pytest.raises(KeyError):
        parquet.write(tmp_path / "x.parquet", ["epoch"], [{"seed": 1}], {})
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_file_is_named_with_the_remedy(tmp_path):
    path = tmp_path / "x.parquet"
    parquet.write(path, ["epoch"], [{"epoch": i} for i in range(1000)], {})
    whole = path.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"x\.parquet: not a readable Parquet file .*delete it"):
            parquet.read(path, ["epoch"])


def test_a_missing_file_and_a_missing_column_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no\.parquet: no such file"):
        parquet.read(tmp_path / "no.parquet", ["epoch"])
    parquet.write(tmp_path / "x.parquet", ["epoch"], [{"epoch": 1}], {})
    with pytest.raises(InputError, match=r"x\.parquet: no column seed, sample \(it has epoch\)"):
        parquet.read(tmp_path / "x.parquet", ["epoch", "seed", "sample"])


OTHER_TYPES = [
    *(pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.null(), pa.timestamp("ms")),
    *(pa.dictionary(pa.int32(), pa.string()), pa.list_(pa.field("element", pa.string()))),
]


@pytest.mark.parametrize(
    "name", ["benchmark", "context", "prompt", "completion_ids", "logprobs", "sample", "grade"]
)
def test_a_column_of_another_type_is_named_with_the_remedy(tmp_path, name):
    """Also where its values could be read as the right ones, e.g. whole numbers where text is expected."""
    path, right = tmp_path / "x.parquet", parquet.COLUMNS[name]
    for other in OTHER_TYPES:
        pq.write_table(pa.table({name: pa.nulls(1, other)}), path)
        if other == right:
            continue
        with pytest.raises(InputError) as caught:
            parquet.read(path, [name], filters=[(name, "==", "facts")])
        assert str(caught.value) == (
            f"{path}: columns of another type than a stage writes: {name} of {other} (not {right}); "
            f"delete the file and run again"
        )


def test_the_modules_that_read_parquet_are_those_that_look_at_types():
    """So every stage does. The cache's files and those of users have tests of their own."""
    readers = re.compile(r"pyarrow\.(parquet|dataset)|\.read_parquet")
    found = {
        str(path.relative_to(SCRIPTS)) for path in SCRIPTS.rglob("*.py") if readers.search(path.read_text())
    }
    library = ("io/parquet", "io/parquet_file", "io/images", "generation/cache", "data/records/files")
    assert found == {f"tms/{name}.py" for name in library}


def test_a_folder_named_like_a_partition_adds_no_column(tmp_path):
    path = tmp_path / "seed=1" / "x.parquet"
    parquet.write(path, ["epoch"], [{"epoch": 1}], {})
    with pytest.raises(InputError, match="no column seed"):
        parquet.read(path, ["seed"])
