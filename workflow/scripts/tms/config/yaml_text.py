"""Values of the configuration as text."""

import json


def yaml_text(value: object) -> str:
    """A value in one line of YAML; floats with a point, as the configuration needs them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {yaml_text(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml_text, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value) if "\n" in value else value
    if isinstance(value, float) and value and not 1e-4 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.10e}".partition("e")
        whole, _, decimals = mantissa.partition(".")
        return f"{whole}.{decimals.rstrip('0') or '0'}e{int(exponent):+d}"
    return json.dumps(value)
