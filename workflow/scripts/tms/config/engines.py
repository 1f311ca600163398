"""Flags of every job that generates."""

from collections.abc import Sequence

from tms.config import paths, study, tasks


def engine_flags(config: dict, part: str, name: str) -> dict:
    """Engine, threads and completion cache of a job that generates with an entry of `models`, `teachers` or
    `judges` (`part`)."""
    return {
        "engine": study.engine(config, part, name),
        "threads": config["compute"]["threads"],
        "cache": paths.CACHE,
    }


def simulator_flags(config: dict, targets: Sequence[str]) -> dict:
    """Flags, by name, of the model that answers calls of the tools of these tasks; none where none does."""
    if (name := tasks.simulator(config, targets)) is None:
        return {}
    entry = config["simulators"][name]
    return {
        "simulator": entry["model"],
        "simulator_max_new_tokens": entry["max_new_tokens"],
        "simulator_temperature": entry["temperature"],
        "simulator_seed": entry["seed"],
    }


def simulator_folder(config: dict, targets: Sequence[str]) -> list[str]:
    """The folder of that model; none where none does."""
    name = tasks.simulator(config, targets)
    return [config["simulators"][name]["model"]] if name else []
