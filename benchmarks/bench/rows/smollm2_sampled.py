"""Sampling with SmolLM2-135M-Instruct."""

from measuring import Missing

from rows import _generating

WORK = "generation at temperature 1, SmolLM2-135M, 32 rows, up to 24 tokens (seconds a token)"
PEER, PACKAGES = _generating.PEER, _generating.PACKAGES
FIRST, REACH = "speed 0.92", {"speed": 1.2}
TEMPERATURE = 1.0
check, units = _generating.check_samples, _generating.tokens


def rows(inputs, temperature: float):
    """The rows of both SmolLM2 rows."""
    if not inputs.smollm2.is_dir():
        raise Missing(f"{inputs.smollm2}: no such folder; make real fetches the model, --smollm2 names it")
    return _generating.Work(inputs.smollm2, 32, temperature, 24, "natural")


def product(inputs):
    """The engine."""
    return _generating.product(rows(inputs, TEMPERATURE), inputs.threads)


def peer(inputs):
    """transformers."""
    return _generating.peer(rows(inputs, TEMPERATURE), (32,))
