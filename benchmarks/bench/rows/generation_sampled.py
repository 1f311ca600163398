"""Sampling with the miniature."""

from rows import _generating

WORK = "generation at temperature 1, miniature, 256 rows, up to 96 tokens (seconds a token)"
PEER, PACKAGES = _generating.PEER, _generating.PACKAGES
FIRST, REACH = "speed 0.96", {"speed": 1.5}
ROWS = _generating.Work(_generating.MINIATURE, 256, 1.0, 96)
check, units = _generating.check_samples, _generating.tokens


def product(inputs):
    """The engine."""
    return _generating.product(ROWS, inputs.threads)


def peer(inputs):
    """transformers."""
    return _generating.peer(ROWS, (32, 64, 128, 256))
