"""Settings written as command-line flags."""

import shlex
from collections.abc import Mapping


def flags(**values) -> str:
    """Write settings as one string of command-line flags, which can be run by hand.

    It becomes a single param of a rule: Snakemake compares params as a set of values without names, so single
    values that trade places would go unnoticed.

    Args:
        values: name of each flag (`_` for `-`) -> its value, a list of values, or None for no flag.
    """
    words = []
    for name, value in values.items():
        if value is None:
            continue
        words.append(f"--{name.replace('_', '-')}")
        words += [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return shlex.join(words)


def labelled(values: Mapping[str, object]) -> list[str]:
    """`LABEL=VALUE` of each entry, for a flag."""
    return [f"{label}={value}" for label, value in values.items()]
