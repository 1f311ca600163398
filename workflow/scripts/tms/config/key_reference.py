"""The tables of config/README.md, from the schema's descriptions and the values of config/config.yaml."""

import re

from tms.config.study import value_at
from tms.config.yaml_text import yaml_text
from tms.io.errors import InputError

EXAMPLE = "tiny"  # model whose own values stand beside the defaults
LONGEST = 40  # characters of a collection; of longer ones the entries are counted
MARKED = re.compile(r"(<!-- keys: (.+?) -->\n).*?(?=<!-- end of keys -->)", re.DOTALL)


def document(text: str, schema: dict, config: dict) -> str:
    """A text with the table of each pair of markers made anew.

    Args:
        text: Markdown. `<!-- keys: compute, models.tiny -->` and `<!-- end of keys -->` stand around a table;
            the places that it names are sections of the configuration; one that it does not hold, such as
            `tasks.{name}`, has no values.
        schema, config: the configuration's.

    Raises:
        InputError: a marker names a section that the schema lacks, or a key has no description.
    """
    return MARKED.sub(lambda match: f"{match[1]}{table(match[2].split(', '), schema, config)}\n", text)


def table(places: list[str], schema: dict, config: dict) -> str:
    """The Markdown table of some sections of the configuration; columns without any text are left out.

    Args:
        places: dotted; one section's keys are written without it, those of several with it.
        schema, config: the configuration's.
    """
    rows = []
    for place in places:
        for path, entry in _keys(schema, _node(schema, place)):
            key = ".".join([place, *path] if len(places) > 1 or not path else path)
            rows.append([f"`{key}`", _value(config, [*place.split("."), *path]), *_texts(key, entry)])
    _, _, name = places[0].partition(".")  # a table of an entry, such as `models.tiny`, shows its values
    columns = ["key", f"`{name}`" if name else "default", "meaning", "stages"]
    kept = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line[place] for place in kept)} |" for line in lines)


def _resolved(schema: dict, node: dict) -> dict:
    """A node of the schema with what it refers to."""
    if "$ref" not in node:
        return node
    return _resolved(schema, schema["$defs"][node["$ref"].rpartition("/")[2]]) | node


def _node(schema: dict, place: str) -> dict:
    """The schema of a section; names that it does not list lead to its `additionalProperties`."""
    node = schema
    for name in filter(None, place.split(".")):
        node = node.get("properties", {}).get(name) or node.get("additionalProperties")
        if not isinstance(node, dict):
            raise InputError(f"keys of {place}: the schema has no such section; correct the marker")
        node = _resolved(schema, node)
    return node


def _keys(schema: dict, node: dict) -> list[tuple[list[str], dict]]:
    """Path and schema of each key of a section. Sections within it that have no text are opened."""
    if "properties" not in node:
        return [([], node)]
    keys = []
    for name, entry in node["properties"].items():
        inner = _resolved(schema, entry)
        opened = "properties" in inner and "description" not in inner
        keys += [([name, *path], key) for path, key in (_keys(schema, inner) if opened else [([], inner)])]
    return keys


def _texts(key: str, entry: dict) -> list[str]:
    if "description" not in entry:
        raise InputError(f"config/schemas/config.schema.yaml: {key} has no description; add one")
    texts = [entry["description"], entry.get("stages", "")]
    linked = [re.sub(r"docs/(\w+\.md)", r"[docs/\1](../docs/\1)", text) for text in texts]
    return [text.replace("|", "\\|") for text in linked]


def _value(config: dict, path: list[str]) -> str:
    """A key's value, and beside a default that of the example where it differs."""
    holder, other = value_at(config, path[:-1]), value_at(config["models"][EXAMPLE], path)
    if not isinstance(holder, dict) or path[-1] not in holder:
        return ""
    return shown(holder[path[-1]]) + (f" (`{EXAMPLE}`: {shown(other)})" if other is not None else "")


def shown(value: object) -> str:
    """A value as YAML writes it: text and collections as code, numbers and null plain."""
    if isinstance(value, (list, dict)):
        text = yaml_text(value)
        count = len(value)
        return f"`{text}`" if len(text) <= LONGEST else f"{count} {'entry' if count == 1 else 'entries'}"
    if isinstance(value, str):
        lines = value.count("\n") + 1
        return f"`{value}`" if lines == 1 else f"a text of {lines} lines"
    return yaml_text(value)
