"""Memory of the models that answer calls of tools beside a model that generates."""

from collections.abc import Iterable

from tms.config import tasks
from tms.memory_plan import formulas
from tms.memory_plan.architecture import architecture


def simulator_parts(config: dict, asked: Iterable[str]) -> dict[str, float]:
    """Bytes on the card of a simulator's weights, where one answers the calls of rows of these tasks.

    Its cache (`tms.generation.flags.SIMULATOR_BUDGET`) is not added: it is there while the other's is not.
    """
    if (name := tasks.simulator(config, list(asked))) is None:
        return {}
    entry = config["simulators"][name]
    keys = architecture(entry["model"])
    return {"simulator": formulas.vllm_weights(keys, 1) if keys else 2 * entry.get("parameters", 0)}
