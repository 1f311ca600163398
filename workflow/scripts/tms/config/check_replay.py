"""Checks of the general prompts that methods replay: what a run is measured on is never among them."""

from collections.abc import Collection

from tms.config import study
from tms.config.faults import Faults
from tms.config.joint_targets import own_tasks

REMEDY = "a task of prompts of your own (docs/own_data.md, General prompts)"


def check_tasks(config: dict, faults: Faults) -> None:
    """Check the tasks of the general prompts of all models: they are there, and no benchmark of the model."""
    for model, entry in config["models"].items():
        benchmarks = study.suite(config, model).benchmarks
        found = {method: study.replay(config, model, method) for method in study.model_methods(config, model)}
        for task in {replay["task"]: None for replay in found.values() if replay and replay["task"]}:
            where = f"replay.task of models.{model}"
            if not faults.known(where, task, own_tasks(config)):
                continue
            if task in benchmarks:
                faults.append(
                    f"config: {where}: {task} is a benchmark of suites.{entry['suite']}, and what a run is "
                    f"measured on is not trained on; name {REMEDY}"
                )
            if missing := [split for split in ("train", "heldout") if split not in config["tasks"][task]]:
                faults.append(
                    f"config: tasks.{task}.{missing[0]} is missing; {where} names it for general prompts"
                )


def check_methods(config: dict, model: str, methods: Collection[str], faults: Faults) -> None:
    """Check that the methods of a model that are asked for have general prompts to replay."""
    found = {name: study.replay(config, model, name) for name in methods}
    if without := [name for name, replay in found.items() if replay and replay["task"] is None]:
        faults.append(
            f"config: models.{model}: {', '.join(without)} replays general prompts, and replay.task is null; "
            f"name {REMEDY}, e.g. models.{model}.replay: {{task: prompts}}"
        )
