"""Models that the workflow pretrains from scratch: which program makes them, and what it can teach."""

from dataclasses import dataclass

from tms.config.suite import Suite


@dataclass(frozen=True)
class Pretraining:
    """A pretraining program.

    Attributes:
        models: folders that it makes.
        shipped: folder of the repository with its result.
        taught: kinds of tasks that its corpus knows.
        steps, batch: defaults of those flags.
    """

    models: tuple[str, ...]
    shipped: str
    taught: tuple[str, ...]
    steps: int
    batch: int


PLAIN = Pretraining(  # pretrain.py
    models=("base", "teacher"),
    shipped="workflow/resources/miniature",
    taught=("countdown", "chain", "facts", "lookup", "refusal"),
    steps=1900,
    batch=64,
)
TOOLS = Pretraining(  # pretrain_tools.py
    models=("base",),
    shipped="workflow/resources/miniature_tools",
    taught=("calculate", "facts", "refusal"),
    steps=700,
    batch=32,
)
PLAIN_ONLY = ("lookup_steps", "teacher_steps", "teacher_batch")  # keys that TOOLS does not take


def pretraining(config: dict, name: str) -> Pretraining:
    """The program that makes a model of `pretrain`: TOOLS where its suite has a task for a tool."""
    suite = config.get("suites", {}).get(config["pretrain"][name].get("suite"), {"targets": []})
    tasks = [config["tasks"].get(task, {}) for task in Suite.read(suite).benchmarks]
    return TOOLS if any(task.get("kind") == "calculate" for task in tasks) else PLAIN


def names(config: dict, made_by: Pretraining) -> list[str]:
    """The models of `pretrain` that a program makes."""
    return [name for name in config["pretrain"] if pretraining(config, name) is made_by]


def folders(config: dict) -> list[str]:
    """All folders of models that the workflow pretrains."""
    return [
        f"models/{name}/{part}"
        for name in config.get("pretrain", {})
        for part in pretraining(config, name).models
    ]
