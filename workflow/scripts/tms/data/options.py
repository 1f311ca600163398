"""Options of a task, as `tasks.<name>.options` states them."""

from tms.io.errors import InputError


def read_options(kind: str, options: dict, defaults: dict) -> dict:
    """Fill in a task's options from their defaults.

    Raises:
        InputError: an option is unknown.
    """
    if unknown := sorted(set(options) - set(defaults)):
        known = f"known are {', '.join(defaults)}" if defaults else "it takes none"
        raise InputError(f"{kind}: unknown option {unknown[0]!r}; {known}")
    return {**defaults, **options}
