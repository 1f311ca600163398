"""Schemas of ToolAlpaca's functions against the parameters that its authors read in the same documents."""

import json
import re

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.cpu_limit import cpu_limit
from helpers.toolalpaca_file import api

from tms.data.toolalpaca.functions import DEEPEST, LONGEST, MOST, MOST_SCHEMAS, names, tools


def test_types_that_hold_themselves_end(tmp_path):
    own = {"type": "object", "properties": {f"p{n}": {"$ref": "#/components/schemas/A"} for n in range(50)}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
    document = {"paths": {"/x": {"post": {"requestBody": body}}}, "components": {"schemas": {"A": own}}}
    entry = {
        "Documentation": json.dumps(document),
        "Function_Description": {"make": "Parameters: {}"},
        "Function_Projection": {"make": ["/x", "post"]},
    }
    with cpu_limit(2):
        made = tools(entry)
    assert json.dumps(made).count('"type": "object"') <= MOST_SCHEMAS + 2
    assert made[0]["function"]["parameters"]["properties"].keys() == own["properties"].keys()


# Their arguments are parameters and keys of the body; the authors' line is of the body alone.
TWICE = {"generateAvatar", "generateServerIcon", "generateRandomImage"}


@needs_data
@pytest.mark.parametrize("file", ["eval_simulated", "eval_real"])
def test_parameters_are_those_that_the_authors_name(file):
    seen = 0
    for entry in json.loads((DATA / "toolalpaca" / f"{file}.json").read_text()):
        made = {tool["function"]["name"]: tool["function"] for tool in tools(entry)}
        assert [*made] == [*names(entry), "getDetails"]
        for name in names(entry):
            line = re.search(r"^Parameters: (.*)$", entry["Function_Description"][name], re.M)[1]
            theirs, schema = json.loads(line), made[name]["parameters"]
            assert schema["properties"].keys() == theirs.keys()
            if name in TWICE:
                assert schema["required"] == [next(iter(theirs))]
                continue
            assert set(schema.get("required", [])) == {
                key for key, said in theirs.items() if said.startswith("Required.")
            }
            for key, said in theirs.items():
                kind = said.removeprefix("Required. ").partition(".")[0]  # Array[string], Object
                own = schema["properties"][key]
                assert kind.lower().startswith(own["type"]), (name, key, said)
                enum = re.search(r"One of: \[(.*?)\]", said)
                assert ([str(value) for value in own["enum"]] if "enum" in own else None) == (
                    enum[1].split(", ") if enum else None
                )
            assert "Parameters: " not in made[name]["description"]
            seen += len(theirs)
    assert seen > 50


def test_a_named_body_is_resolved():
    operation = {
        "parameters": [{"$ref": "#/components/parameters/Page"}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
    }
    pet = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "enum": ["a", "b"]},
            "owner": {"$ref": "#/components/schemas/Pet"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    }
    document = {
        "paths": {"/search": {"get": operation}},
        "components": {
            "schemas": {"Pet": pet},
            "parameters": {
                "Page": {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}}
            },
        },
    }
    made = tools(api("pets", [], Documentation=json.dumps(document)))
    schema = made[0]["function"]["parameters"]
    assert list(schema["properties"]) == ["page", "name", "owner", "tags"]
    assert schema["required"] == ["page", "name"]
    assert schema["properties"]["tags"] == {"type": "array", "items": {"type": "string"}}
    depth, owner = 0, schema["properties"]["owner"]
    while "properties" in owner:
        depth, owner = depth + 1, owner["properties"]["owner"]
    assert depth == DEEPEST  # a type that holds itself ends
    # An operation that the document lacks takes anything, and its description says what the authors say.
    assert made[1]["function"]["parameters"] == {"type": "object"}
    assert "Parameters: " in made[1]["function"]["description"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "[" * 100_000, '{"paths": {"/search": {"get": 3}}}'])
def test_a_document_that_cannot_be_read(text):
    made = tools(api("pets", [], Documentation=text))
    assert [tool["function"]["parameters"] for tool in made[:-1]] == [{"type": "object"}] * 2


def test_a_large_document_makes_a_small_schema():
    wide = {
        "type": "object",
        "properties": {f"p{i}": {"type": "string", "description": "x" * 999} for i in range(500)},
    }
    operation = {"requestBody": {"content": {"application/json": {"schema": wide}}}}
    document = {"paths": {"/search": {"get": operation}}}
    described = {"searchPets": "y" * 9999, "getPet": "", "components": "z" * 9999}
    first, second, _ = tools(
        api("pets", [], Documentation=json.dumps(document), Function_Description=described)
    )
    assert len(first["function"]["parameters"]["properties"]) == MOST
    assert len(first["function"]["description"]) == len(second["function"]["description"]) == LONGEST
    assert len(json.dumps(first)) < 60_000
