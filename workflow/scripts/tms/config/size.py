"""Bounds of a configuration as a whole, before anything walks through it."""

MOST_BYTES = 4 << 20  # of a file; the largest one of the project has 27 KB
MOST_VALUES = 20_000  # written out: an alias of YAML counts each time that it stands for something
DEEPEST = 50  # levels of mappings and lists; a value that holds itself has no end
LONGEST_NUMBER = 30  # digits of a whole number, which Python may refuse to print


def size_faults(config: object) -> list[str]:
    """Faults of the size of a configuration, a line each that names the key; none: an empty list."""
    left: list[tuple[tuple, object]] = [((), config)]
    seen, faults = 0, []
    while left:
        place, value = left.pop()
        seen += 1
        if seen > MOST_VALUES:
            key = ".".join(map(str, place[:3]))
            return [f"config: over {MOST_VALUES} values (near {key:.80}), aliases written out; write fewer"]
        if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
            key = ".".join(map(str, place))
            faults.append(f"config: {key:.80}: a number of over {LONGEST_NUMBER} digits; write a smaller one")
        if isinstance(value, dict | list):
            if len(place) == DEEPEST:
                key = ".".join(map(str, place[:3]))
                return [f"config: {key:.80}: over {DEEPEST} levels deep; write it flat"]
            items = value.items() if isinstance(value, dict) else enumerate(value)
            left += [((*place, name), entry) for name, entry in items]
    return faults
