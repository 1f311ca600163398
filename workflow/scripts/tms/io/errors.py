"""Errors caused by user input."""


class InputError(Exception):
    """Input that cannot be used; the message is one line that names the key or file and the remedy."""


def first_line(error: BaseException) -> str:
    """The first line of what an exception says; what it quotes cannot steer a terminal."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return said if said.isprintable() else ascii(said)[1:-1]
