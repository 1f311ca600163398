"""A method's own settings in a few words, e.g. `share 0.5`: what tells it from the others of its side."""

from tms.config.study import value_at

# Keys that say what a method is, what it samples, or where it is looked at, and not how it is set.
LEFT_OUT = ("kind", "checkpoints", "trajectory")
WORDS = {"learning_rate_scale": "learning rate x"}


def own_settings(config: dict, model: str, method: str) -> str:
    """The settings that a method's entry and the model's entry for it give; "" where there are none."""
    found: dict[str, str] = {}
    for path in (["methods", method], ["models", model, "methods", method]):
        _collect(value_at(config, path) or {}, found)
    return ", ".join(f"{WORDS.get(key, key.replace('_', ' '))} {value}" for key, value in found.items())


def _collect(entry: dict, found: dict[str, str]) -> None:
    for key, value in entry.items():
        if key == "lora" and isinstance(value, dict):
            found |= {"rank": f"{value.get('rank')}"}
        elif isinstance(value, dict):
            _collect(value, found)
        elif key not in LEFT_OUT and value is not None:
            found[key] = _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, list):  # points of a run
        return " and ".join(str(one).replace("of", "/") for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
