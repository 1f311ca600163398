"""Checks of the values of a configuration, each by itself: types and ranges, names, paths."""

import math
import re
from functools import cache
from pathlib import Path

import jsonschema
import yaml

from tms.config.known import meant
from tms.config.names import name_fault
from tms.config.paths import MODEL_FOLDERS
from tms.io.errors import InputError
from tms.mixture.checkpoints import parse_point

SCHEMA = Path(__file__).resolve().parents[4] / "config" / "schemas" / "config.schema.yaml"
NAMED = ("models", "methods", "tasks", "teachers", "judges", "simulators", "suites", "pretrain")
NAMED += ("downloads", "wheels", "units")
PATTERN = "*?[{}"  # signs that some reader of a path takes for a pattern
MOST = 10**9  # of an integer that has no other limit: more prompts, steps or tokens than any run has
POINT = "^[0-9]+of[1-9][0-9]*$"
# The schema's patterns, by their beginning.
PATTERNS = {
    "^[0-9]+": "a point of a run, a reduced fraction such as 3of10",
    "^[0-9a-f]{40}": "a commit, 40 hex digits",
    "^[0-9a-f]{64}": "a SHA-256, 64 hex digits",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "a name or a version: letters, digits, '.', '_', '-'",
    "^[A-Za-z0-9_].*[.]gguf$": "the path of a .gguf file in the wheel",
    "^[A-Z": "a repository of the hub, owner/name",
    "^all-linear": "all-linear, or a list of names of modules",
    "^(?=": "a text with {prompt} and {reference} in it",
}
FLOATS = (1e-30, 1e30)  # sizes of numbers that float32 can be multiplied by
TYPES = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}
TYPES |= {"number": "a number", "boolean": "true or false", "null": "null"}


def value_faults(config: dict) -> list[str]:
    """Faults of single values, one line each that names the key; none: an empty list."""
    names: list[str] = []
    config = _named_by_text(config, "", names)
    errors = sorted(VALIDATOR(_schema()).iter_errors(config), key=lambda error: list(map(str, error.path)))
    found = [*names, *(line for error in errors for line in _explain(error))]
    for part in NAMED:
        found += [line for name in _mapping(config.get(part)) if (line := name_fault(part, name))]
    paths = {"data.root": _mapping(config.get("data")).get("root")}
    for part, key in MODEL_FOLDERS.items():
        for name, entry in _mapping(config.get(part)).items():
            paths[f"{part}.{name}.{key}"] = _mapping(entry).get(key)
    found += [line for key, path in paths.items() if (line := path_fault(key, path))]
    return list(dict.fromkeys(found))


@cache
def _schema() -> dict:
    return yaml.safe_load(SCHEMA.read_text())


def _mapping(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def _named_by_text(value: object, place: str, faults: list[str]) -> object:
    """A value whose mappings are keyed by text alone; every other key is a fault."""
    if isinstance(value, list):
        return [_named_by_text(item, f"{place}{index}.", faults) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    for key in value:
        if not isinstance(key, str):
            where = place.removesuffix(".") or "its top"
            faults.append(f"config: {where}: a name is read as {_read_as(key)}; write it in quotes")
    return {
        str(key): _named_by_text(entry, f"{place}{key}.", faults)
        for key, entry in value.items()
        if isinstance(key, str) or isinstance(entry, dict)
    }


def _read_as(value: object) -> str:
    """YAML's reading of a text without quotes, e.g. `the date 2024-01-31`."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"{str(value).lower()} (as yes, no, on, off are)"
    if isinstance(value, int | float):
        return f"the number {value}"
    return f"the {type(value).__name__} {value}"


def path_fault(key: str, path: object) -> str | None:
    """Fault of the writing of a path; None: none."""
    if not isinstance(path, str):
        return None  # the schema says so
    if path.startswith("~"):
        return f"config: {key}: {path!r}: write the whole path (no ~)"
    if not path.strip() or not path.isprintable():
        return f"config: {key}: {path!r} is no path; correct it"
    if found := sorted(set(path) & set(PATTERN)):
        return (
            f"config: {key}: {path!r}: Snakemake, datasets and vLLM take {' '.join(found)} for a part of a "
            f"pattern; name a link to it that has none"
        )
    return None


def _is_integer(_, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_, value: object) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return _is_integer(_, value) or isinstance(value, float)


def _limited(validator, _, value: object, schema: dict):
    """Limits of numbers that need no entry in the schema."""
    if _is_integer(validator, value) and "integer" in schema["type"]:
        if abs(value) > MOST and "maximum" not in schema:
            yield jsonschema.ValidationError(f"must be at most {MOST}")
    elif isinstance(value, int | float) and "number" in schema["type"] and value:
        if math.isfinite(value) and not FLOATS[0] <= abs(value) <= FLOATS[1]:
            yield jsonschema.ValidationError(f"must be 0 or of a size from {FLOATS[0]} to {FLOATS[1]}")


def _typed(validator, types: str | list[str], value: object, schema: dict):
    """The schema's `type`, and the limits."""
    errors = list(jsonschema.Draft202012Validator.VALIDATORS["type"](validator, types, value, schema))
    yield from errors or _limited(validator, types, value, schema)


def _matching(validator, pattern: str, value: object, schema: dict):
    """The schema's `pattern`; a point of a run is a reduced fraction too."""
    errors = list(jsonschema.Draft202012Validator.VALIDATORS["pattern"](validator, pattern, value, schema))
    if not errors and isinstance(value, str) and pattern == POINT:
        try:
            parse_point(value)
        except (InputError, ValueError):
            errors = [jsonschema.ValidationError("no point")]
    yield from errors


# JSON takes 5.0 for an integer, and NaN for a number.
VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"type": _typed, "pattern": _matching},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer).redefine(
        "number", _is_number
    ),
)


def _explain(error: jsonschema.ValidationError) -> list[str]:
    """The lines of a fault that the schema finds."""
    key = ".".join(map(str, error.path))
    prefix = f"{key}." if key else ""
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        return [_unknown(prefix, name, known) for name in sorted(set(error.instance) - set(known))]
    if error.validator == "required":
        missing = re.match(r"'(.*)' is a required property", error.message)[1]
        return [f"config: key {prefix}{missing} is missing; add it (config/config.yaml explains each key)"]
    shown = repr(error.instance)
    shown = shown if len(shown) <= 60 else f"{shown[:56]} ..."
    if error.validator == "type":
        return [f"config: {key}: {shown} {_wrong_type(error)}"]
    allowed = {
        "minimum": lambda limit: f"must be at least {limit}",
        "maximum": lambda limit: f"must be at most {limit}",
        "exclusiveMinimum": lambda limit: f"must be more than {limit}",
        "exclusiveMaximum": lambda limit: f"must be less than {limit}",
        "enum": lambda values: f"must be one of {', '.join(str(value).lower() for value in values)}",
        "const": lambda value: f"must be {str(value).lower()}",
        "minItems": lambda count: f"needs at least {count} entry",
        "maxItems": lambda count: f"has over {count} entries",
        "uniqueItems": lambda _: "has an entry twice",
        "minLength": lambda _: "must not be empty",
        "pattern": lambda pattern: (
            f"must be {next(text for start, text in PATTERNS.items() if pattern.startswith(start))}"
        ),
        "anyOf": lambda ways: "needs " + " or ".join(", ".join(way["required"]) for way in ways),
    }.get(error.validator, lambda _: error.message)
    return [f"config: {key}: {shown} {allowed(error.validator_value)}"]


def _unknown(prefix: str, name: str, known: list[str]) -> str:
    listed = f"known keys: {', '.join(known)}"
    return f"config: unknown key {prefix}{name}; {meant(name, known, listed)}"


def _wrong_type(error: jsonschema.ValidationError) -> str:
    """Fault of a value of another type, or beyond `_limited`."""
    value = error.instance
    types = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
    if not error.message.endswith(tuple(f"'{kind}'" for kind in types)):
        return error.message
    wanted = " or ".join(TYPES[kind] for kind in types)
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be {wanted}, and finite"
    if isinstance(value, str) and {"number", "integer"} & set(types):
        number = _number(value)
        if "number" not in types and isinstance(number, float) and number.is_integer():
            return f"must be {wanted}; write it in digits: {int(number)}"
        if number is not None and isinstance(number, float) and "e" in value.lower():
            mantissa, _, exponent = f"{number:.10e}".partition("e")
            whole, _, decimals = mantissa.partition(".")
            written = f"{whole}.{decimals.rstrip('0') or '0'}e{exponent}"
            return f"is text to YAML; write it with a point and a signed exponent, e.g. {written}"
        if number is not None:
            return f"is text to YAML; write it without quotes: {number}"
    if value is None:
        return f"must be {wanted}; nothing is written there"
    if isinstance(value, float) and value.is_integer() and "integer" in types:
        return f"must be {wanted}: {int(value)}"
    if types == ["string"] and not isinstance(value, dict | list):
        return f"must be text; write it in quotes ({_read_as(value)} otherwise)"
    return f"must be {wanted}"


def _number(text: str) -> int | float | None:
    """The finite number that a text writes, None where it writes none."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else None
    return None
