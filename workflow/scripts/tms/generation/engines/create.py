"""Makes an engine by its name."""

from tms.generation.engines.interface import ENGINES, MEMORY_SHARE, Engine
from tms.io.errors import InputError


def create_engine(
    name: str, tensor_parallel: int = 1, memory_share: float = MEMORY_SHARE, threads: int | None = None
) -> Engine:
    """Make an engine by name; it starts with the first `load`.

    Args:
        name: one of `ENGINES`.
        tensor_parallel: GPUs over which vLLM spreads one model.
        memory_share: share of a GPU's memory that vLLM takes.
        threads: CPU threads; None leaves them as they are.

    Raises:
        InputError: unknown name, or vLLM is not installed.
    """
    # Each branch imports its engine alone: vLLM is not installed everywhere.
    if name == "transformers":
        from tms.generation.engines.transformers_engine import TransformersEngine

        return TransformersEngine(threads=threads)
    if name == "vllm":
        from tms.generation.engines.vllm_engine import VllmEngine

        return VllmEngine(tensor_parallel, memory_share, threads)
    raise InputError(f"engine {name!r}: choose one of {', '.join(ENGINES)}")
