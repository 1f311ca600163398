"""Models that the workflow pretrains from scratch: which program makes them, and what it can teach."""

from dataclasses import dataclass

from tms.config.suite import Suite


@dataclass(frozen=True)
class Pretraining:
    """A pretraining program.

    Attributes:
        does: words for its models, for messages.
        models: folders that it makes.
        shipped: folder of the repository with its result.
        taught: kinds of tasks that its corpus knows.
        mark: kind of which its suites have a task, and others have none; "" where every suite is of its kind.
        steps, batch: defaults of those flags.
    """

    does: str
    models: tuple[str, ...]
    shipped: str
    taught: tuple[str, ...]
    mark: str
    steps: int
    batch: int


PLAIN = Pretraining(  # pretrain.py
    does="a model of texts",
    models=("base", "teacher"),
    shipped="workflow/resources/miniature",
    taught=("countdown", "chain", "facts", "lookup", "refusal"),
    mark="",
    steps=1900,
    batch=64,
)
TOOLS = Pretraining(  # pretrain_tools.py
    does="a model that calls tools",
    models=("base",),
    shipped="workflow/resources/miniature_tools",
    taught=("calculate", "facts", "refusal"),
    mark="calculate",
    steps=700,
    batch=32,
)
IMAGES = Pretraining(  # pretrain_images.py
    does="a model that reads images",
    models=("base",),
    shipped="workflow/resources/miniature_images",
    taught=("read_words", "facts", "refusal"),
    mark="read_words",
    steps=3000,
    batch=32,
)
PLAIN_ONLY = ("lookup_steps", "teacher_steps", "teacher_batch")  # keys that only PLAIN takes


def pretraining(config: dict, name: str) -> Pretraining:
    """The program that makes a model of `pretrain`: the one whose mark its suite has, else PLAIN."""
    suite = config.get("suites", {}).get(config["pretrain"][name].get("suite"), {"targets": []})
    tasks = [config["tasks"].get(task, {}) for task in Suite(**suite).benchmarks]
    kinds = {task.get("kind") for task in tasks}
    return next((made_by for made_by in (TOOLS, IMAGES) if made_by.mark in kinds), PLAIN)


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
