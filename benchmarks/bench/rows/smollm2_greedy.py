"""Greedy decoding with SmolLM2-135M-Instruct."""

from rows import _generating
from rows.smollm2_sampled import rows

WORK = "generation greedy, SmolLM2-135M, 32 rows, up to 24 tokens"
PEER, PACKAGES = _generating.PEER, _generating.PACKAGES
FIRST, REACH = "speed 0.95", {"speed": 1.2}
check = _generating.check_greedy


def product(inputs):
    """The engine."""
    return _generating.product(rows(inputs, 0.0), inputs.threads)


def peer(inputs):
    """transformers."""
    return _generating.peer(rows(inputs, 0.0), (32,))
