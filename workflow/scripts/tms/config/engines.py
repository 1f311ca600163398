"""Flags of every job that generates."""

from tms.config import paths, study


def engine_flags(config: dict, part: str, name: str) -> dict:
    """Engine, threads and completion cache of a job that generates with an entry of `models`, `teachers` or
    `judges` (`part`)."""
    return {
        "engine": study.engine(config, part, name),
        "threads": config["compute"]["threads"],
        "cache": paths.CACHE,
    }
