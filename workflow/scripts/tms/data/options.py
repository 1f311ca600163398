"""Options of a task, as `tasks.<name>.options` states them."""

from tms.io.errors import InputError

LARGEST = 10**9  # of an option that is a whole number


def read_options(kind: str, options: dict, defaults: dict) -> dict:
    """Fill in a task's options from their defaults.

    Raises:
        InputError: an option is unknown, or of another type than its default (None: text), or no
            number from 1 to `LARGEST`.
    """
    if unknown := sorted(set(options) - set(defaults)):
        known = f"known are {', '.join(defaults)}" if defaults else "it takes none"
        raise InputError(f"{kind}: unknown option {unknown[0]!r}; {known}")
    for name, value in options.items():
        default = defaults[name]
        kinds = {str, type(None)} if default is None else {type(default)}
        items = [value]
        if isinstance(default, list):  # or one of its items
            kinds, items = {type(default[0])}, value if isinstance(value, list) and value else [value]
        if not all(type(item) in kinds for item in items):
            wanted = "text" if default is None else f"a value like its default, {default!r}"
            raise InputError(f"{kind}: option {name} is {value!r}; write {wanted}")
        if any(type(item) is int and not 1 <= item <= LARGEST for item in items):
            raise InputError(f"{kind}: option {name} is {value!r}; write a number from 1 to {LARGEST}")
    return {**defaults, **options}
