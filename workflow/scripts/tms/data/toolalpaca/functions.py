"""Functions of a ToolAlpaca API as a chat template gets them, read from its OpenAPI document.

Of a document that cannot be read, and of an operation that it lacks, the function takes any arguments, and
its description keeps the authors' line on parameters.
"""

import json
import re
from collections.abc import Iterator

LONGEST = 2000  # characters of a function's description
LONGEST_NOTE = 500  # of a parameter's
LONGEST_DOCUMENT = 1_000_000
MOST = 50  # parameters, properties, values of an enumeration; of each schema
DEEPEST = 3  # schemas inside one another; what lies deeper is left out
MOST_SCHEMAS = 1000  # of a function; further ones say nothing
SCALARS = ("type", "format", "default", "minimum", "maximum")  # of a schema
PARAMETERS = re.compile(r"^Parameters: .*\n?", flags=re.MULTILINE)
JSON = "application/json"
# The authors' agent may ask the user, whom they simulate (`agent/tools.py`); their instructions count on it.
ASK = "getDetails"
ASK_TOOL = {
    "type": "function",
    "function": {
        "name": ASK,
        "description": "Ask the user for what the request leaves open. Output: the user's reply.",
        "parameters": {
            "type": "object",
            "properties": {"Question": {"type": "string", "description": "the question to the user"}},
            "required": ["Question"],
        },
    },
}


def names(api: dict) -> list[str]:
    """Names of an API's functions; without the `components` that stand among their descriptions."""
    return list(api["Function_Projection"])


def tools(api: dict) -> list[dict]:
    """An API's functions in OpenAI's form, and the question to the user.

    Args:
        api: entry of the authors' file; `Function_Projection` names each function's path and method.
    """
    document, described = _document(api["Documentation"]), api["Function_Description"]
    projection = api["Function_Projection"]
    made = [
        _tool(name, described[name], _operation(document, projection[name]), document) for name in projection
    ]
    # Where an output is of a named type, the authors put the types at the last function's end.
    if made and described.get("components"):
        last = made[-1]["function"]
        last["description"] = f"{last['description']}\n{described['components']}"[:LONGEST]
    return [*made, ASK_TOOL]


def _tool(name: str, description: str, operation: dict | None, document: dict) -> dict:
    if operation is None:
        schema = {"type": "object"}
    else:
        schema, description = _parameters(operation, document), PARAMETERS.sub("", description)
    return {
        "type": "function",
        "function": {"name": name, "description": description.strip()[:LONGEST], "parameters": schema},
    }


def _document(text: str) -> dict:
    try:
        read = json.loads(text) if len(text) <= LONGEST_DOCUMENT else {}
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _operation(document: dict, projection: list[str]) -> dict | None:
    path, method = projection
    found = _part(_part(_part(document, "paths"), path), method)
    return found or None


def _parameters(operation: dict, document: dict) -> dict:
    """Schema of an operation's arguments: its parameters, wherever they go, and the keys of its body."""
    properties, required = {}, []
    left = iter(range(MOST_SCHEMAS))
    listed = operation.get("parameters")
    for item in listed[:MOST] if isinstance(listed, list) else []:
        item = _resolved(item, document)
        if not isinstance(name := item.get("name"), str):
            continue
        properties[name] = _schema(item.get("schema", item), document, DEEPEST, left) | _note(item)
        if item.get("required") is True:
            required.append(name)
    body = _part(_part(_part(_resolved(operation.get("requestBody"), document), "content"), JSON), "schema")
    schema = _schema(body, document, DEEPEST + 1, left)
    for name, own in schema.get("properties", {}).items():  # one that stands in both has to fit both
        properties[name] = own | properties.get(name, {})
    required += [name for name in schema.get("required", []) if name not in required]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _schema(schema: object, document: dict, deepest: int, left: Iterator[int]) -> dict:
    """The part of a schema that says what a value is; of schemas inside it, as many as are left."""
    if next(left, None) is None:
        return {}
    schema = _resolved(schema, document)
    made = {name: schema[name] for name in SCALARS if isinstance(schema.get(name), str | int | float)}
    made |= _note(schema)
    if isinstance(values := schema.get("enum"), list):
        made["enum"] = [value for value in values[:MOST] if isinstance(value, str | int | float)]
    if not deepest:
        return made
    if "items" in schema:
        made["items"] = _schema(schema["items"], document, deepest - 1, left)
    if properties := _part(schema, "properties"):
        kept = list(properties.items())[:MOST]
        made["properties"] = {name: _schema(value, document, deepest - 1, left) for name, value in kept}
        required = schema.get("required")
        if isinstance(required, list) and (there := [name for name, _ in kept if name in required]):
            made["required"] = there
    return made


def _note(schema: dict) -> dict:
    text = schema.get("description")
    return {"description": text[:LONGEST_NOTE]} if isinstance(text, str) and text else {}


def _resolved(schema: object, document: dict) -> dict:
    """A schema, or the one of `components` that it refers to; a second reference is not followed."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    if isinstance(reference, str) and reference.startswith("#/"):
        schema = document
        for key in reference[2:].split("/"):
            schema = _part(schema, key)
    return schema if isinstance(schema, dict) else {}


def _part(value: object, key: str) -> dict:
    """A part of an object that is an object itself; else empty."""
    part = value.get(key) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}
