"""Memory of the models that answer calls of tools beside a model that generates."""

from collections.abc import Collection

from tms.config import tasks
from tms.generation.engines.batch_rows import LOGITS, MAX_ROWS, SIMULATOR_BUDGET
from tms.memory_plan import formulas
from tms.memory_plan.architecture import architecture, within_context
from tms.memory_plan.longest import longest_judged


def simulator_parts(config: dict, asked: Collection[str]) -> dict[str, float]:
    """Bytes on the card of a simulator's weights, where one answers the calls of rows of these tasks."""
    if (name := tasks.simulator(config, [*asked])) is None:
        return {}
    entry = config["simulators"][name]
    keys = architecture(entry["model"])
    return {"simulator": formulas.vllm_weights(keys, 1) if keys else 2 * entry.get("parameters", 0)}


def simulator_cache(config: dict, asked: Collection[str]) -> float:
    """Bytes on the card of a simulator's largest batch, which is there while the caller's is not.

    They are 0 where none answers the calls of rows of these tasks.

    It has read what a judge reads: the documentation of the tools, and requests with its answers, of an
    episode. A question that alone exceeds the budget is asked by itself.
    """
    if (name := tasks.simulator(config, [*asked])) is None:
        return 0
    entry = config["simulators"][name]
    if (keys := architecture(entry["model"])) is None:
        return SIMULATOR_BUDGET
    called = [task for task in asked if tasks.simulator(config, [task])]
    tokens = within_context(keys, longest_judged(config, called) + entry["max_new_tokens"])
    row = formulas.row_bytes(keys, tokens) + LOGITS * keys["vocab_size"]
    return max(row, min(SIMULATOR_BUDGET, MAX_ROWS * row))


def simulator_remedy(config: dict, asked: Collection[str]) -> str | None:
    """The setting that lowers both; None where no simulator answers the calls of rows of these tasks."""
    name = tasks.simulator(config, [*asked])
    return f"set simulators.{name}.model to a smaller one" if name else None
