"""The tables of config/README.md: up to date, from the schema's texts and the configuration's values."""

import pytest
import yaml
from helpers.paths import CONFIG

from tms.config.key_reference import document, table
from tms.config.yaml_text import yaml_text
from tms.io.errors import InputError

SCHEMA = yaml.safe_load((CONFIG / "schemas" / "config.schema.yaml").read_text())
DEFAULTS = yaml.safe_load((CONFIG / "config.yaml").read_text())


def test_the_tables_are_up_to_date():
    text = (CONFIG / "README.md").read_text()
    assert document(text, SCHEMA, DEFAULTS) == text, "stale: run make config-docs"


def test_every_section_has_a_table():
    text = (CONFIG / "README.md").read_text()
    marked = [line for line in text.splitlines() if line.startswith("<!-- keys: ")]
    named = {place.partition(".")[0] for line in marked for place in line[11:-4].split(", ")}
    assert named == set(SCHEMA["properties"])


SMALL = {
    "properties": {
        "training": {"$ref": "#/$defs/training", "required": ["rate"]},
        "models": {"additionalProperties": {"$ref": "#/$defs/model"}},
    },
    "$defs": {
        "rate": {"type": "number"},
        "training": {
            "properties": {
                "rate": {"$ref": "#/$defs/rate", "description": "of docs/cost.md", "stages": "train"},
                "inner": {"properties": {"deep": {"description": "a | b", "stages": "none"}}},
            }
        },
        "model": {"properties": {"training": {"$ref": "#/$defs/training", "description": "overrides"}}},
    },
}
VALUES = {
    "training": {"rate": 2e-5, "inner": {"deep": [1, 2]}},
    "models": {"tiny": {"training": {"rate": 1e-3}}},
}


def test_a_table_of_a_section():
    assert table(["training"], SMALL, VALUES).splitlines() == [
        "| key | default | meaning | stages |",
        "| --- | --- | --- | --- |",
        "| `rate` | 2.0e-5 (`tiny`: 0.001) | of [docs/cost.md](../docs/cost.md) | train |",
        "| `inner.deep` | `[1, 2]` | a \\| b | none |",
    ]


def test_a_table_of_an_entry_shows_its_values_and_leaves_out_empty_columns():
    assert table(["models.tiny"], SMALL, VALUES).splitlines() == [
        "| key | `tiny` | meaning |",
        "| --- | --- | --- |",
        "| `training` | `{rate: 0.001}` | overrides |",
    ]
    assert table(["models.{name}"], SMALL, VALUES).splitlines()[0] == "| key | meaning |"


def test_only_what_stands_between_markers_is_written():
    text = "a\n<!-- keys: models.{name} -->\nold\n<!-- end of keys -->\nb"
    new = document(text, SMALL, VALUES)
    assert new.startswith("a\n<!-- keys: models.{name} -->\n| key | meaning |\n")
    assert new.endswith("| `training` | overrides |\n<!-- end of keys -->\nb")
    assert document(new, SMALL, VALUES) == new


def test_an_unknown_section_and_a_key_without_description():
    with pytest.raises(InputError, match="keys of trainings: the schema has no such section"):
        table(["trainings"], SMALL, VALUES)
    bare = {"properties": {"engine": {"enum": ["a"]}}}
    with pytest.raises(InputError, match="engine has no description"):
        table(["engine"], bare, VALUES)


@pytest.mark.parametrize(
    "value", [2e-5, 1.24e9, 0.001, 0.0, -0.3, 1.0, 1e-6, 123456.5, 7, None, True, [1.5], "a", "a: b\n{c}"]
)
def test_values_read_back_from_yaml(value):
    assert yaml.safe_load(yaml_text(value)) == value
