"""Lookup: two hops through a context, a retention skill of the miniature's world.

One row, with two people asked for:

    prompt  ana red , ben blue , cora green , dan white . red barn , blue mill , green well , white tower .
            where do cora and ana go ?
    answer  well barn

A problem's split is a hash of the whole context.
"""

import hashlib
from pathlib import Path
from random import Random

from tms.errors import InputError
from tms.splits import collect

DEFAULTS = {
    "people": 4,  # pairs of each kind in the context
    "asked": 2,  # people asked for
}
PEOPLE = "ana ben cora dan ella finn gus hana".split()
KEYS = "red blue green white black brown pink grey".split()
DOORS = "barn mill well tower shop dock farm inn".split()


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown.
    """
    settings = read_options(options)

    def draw(random: Random) -> tuple[str, dict]:
        text, hops = problem(random, settings["people"], settings["asked"])
        return text, {
            "example_id": f"lookup-{hashlib.sha256(text.encode()).hexdigest()[:16]}",
            "prompt": text,
            "answer": " ".join(door for _, _, door in hops),
        }

    return collect("lookup", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown or out of range.
    """
    unknown = sorted(set(options) - set(DEFAULTS))
    if unknown:
        raise InputError(f"lookup: unknown option {unknown[0]!r}; known are {', '.join(DEFAULTS)}")
    settings = {**DEFAULTS, **options}
    if not 1 <= settings["asked"] <= settings["people"] <= len(PEOPLE):
        raise InputError(
            f"lookup: options need 1 <= asked <= people <= {len(PEOPLE)}, "
            f"not asked {settings['asked']}, people {settings['people']}"
        )
    return settings


def problem(random: Random, people: int, asked: int) -> tuple[str, list[tuple[str, str, str]]]:
    """Draw a context and a question.

    Returns:
        The prompt, and for each person asked for (person, key, door).
    """
    names, keys = random.sample(PEOPLE, people), random.sample(KEYS, people)
    doors = random.sample(DOORS, people)
    hops = list(zip(names, keys, doors, strict=True))
    first = " , ".join(f"{name} {key}" for name, key, _ in hops)
    second = " , ".join(f"{key} {door}" for _, key, door in random.sample(hops, people))
    chosen = random.sample(hops, asked)
    who = " and ".join(name for name, _, _ in chosen)
    return f"{first} . {second} . where do {who} go ?", chosen
