"""Errors caused by user input."""


class InputError(Exception):
    """Input that cannot be used; the message is one line that names the key or file and the remedy."""
