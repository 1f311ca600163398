"""Names in a configuration that must lead to an entry."""

import difflib
from collections.abc import Collection

from tms.io.errors import InputError


def check_known(key: str, name: str, known: Collection[str]) -> None:
    """Check that a name is known.

    Raises:
        InputError: it is not; the line names the key and the name that may be meant.
    """
    if name not in known:
        listed = f"known: {', '.join(sorted(known))}"
        raise InputError(f"config: {key}: unknown name {name!r}; {meant(str(name), known, listed)}")


def meant(name: str, known: Collection[str], otherwise: str) -> str:
    """Name the known name that is close to another one, as the remedy of a message; `otherwise`: none is."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else otherwise
