"""Short greedy answers with the miniature."""

from rows import _generating

WORK = "generation greedy, miniature, 256 rows, 4 tokens"
PEER, PACKAGES = _generating.PEER, _generating.PACKAGES
FIRST, REACH = "speed 0.76", {"speed": 1.2}
ROWS = _generating.Work(_generating.MINIATURE, 256, 0.0, 4)
check = _generating.check_greedy


def product(inputs):
    """The engine."""
    return _generating.product(ROWS, inputs.threads)


def peer(inputs):
    """transformers."""
    return _generating.peer(ROWS, (32, 64, 128, 256))
