"""The teacher's answers, sampled and verified: inputs and flags of their jobs."""

from tms.config import tasks
from tms.config.engines import engine_flags
from tms.config.flags import flags


def model(config: dict, teacher: str) -> str | list:
    """The teacher's folder; none where the data set's solutions stand in for a teacher."""
    return config["teachers"][teacher].get("model", [])


def sample_flags(config: dict, task: str, suite: str, teacher: str) -> str:
    """Decoding of the teacher, or `--solutions`."""
    entry = config["teachers"][teacher]
    given = {
        "task": task,
        "max_new_tokens": config["tasks"][task]["max_new_tokens"],
        **engine_flags(config, "teachers", teacher),
    }
    if "model" not in entry:
        return f"{flags(**given)} --solutions"
    decoding = {name: entry[name] for name in ("model", "tries", "temperature", "top_p", "seed")}
    return flags(**given, **decoding)


def filter_flags(config: dict, task: str) -> str:
    """The grader that verifies the teacher's answers."""
    return flags(task=task, grader=tasks.grader(config, task))
