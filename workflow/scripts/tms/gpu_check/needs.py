"""Needs of the configured jobs: cards, memory, disk, models that are still to be downloaded."""

from pathlib import Path

from tms.config import hardware, study
from tms.gpu_check.shapes import GENERATE, Shape
from tms.training.devices import KEPT_STATES

# Of a parameter: the states to resume from (weights and both of Adam's in float32), and a checkpoint.
DISK_BYTES = KEPT_STATES * 12 + 2


def of(config: dict, models: list[str], shapes: list[Shape]) -> dict:
    """Settings of the part `environment`.

    Args:
        config: the whole configuration.
        models: names of those that are checked.
        shapes: theirs.
    """
    return {
        "cards": cards(config, models),
        "mem_bytes": mem_mb(config, models) * 1e6,
        "disk_bytes": max(
            (
                DISK_BYTES * shape.parameters
                for shape in shapes
                if shape.kind != GENERATE and shape.lora is None  # adapters are small
            ),
            default=0,
        ),
        "missing": [folder for folder in folders(config, models) if not Path(folder).exists()],
    }


def cards(config: dict, models: list[str]) -> int:
    """Cards of the largest job of some models."""
    counts = [study.gpus(config, model, use) for model in models for use in ("train", "generate")]
    counts += [hardware.generating_gpus(config, *entry) for entry in _others(config, models)]
    return max(counts, default=0)


def mem_mb(config: dict, models: list[str]) -> int:
    """Main memory of the largest training job of some models."""
    on_policy, averages = set(study.on_policy(config)), set(study.averages(config))
    sizes = [
        (hardware.training_on_policy if method in on_policy else hardware.training)(
            config, model, method, task
        )["mem_mb"]
        for model in models
        for method in study.named_methods(config, model)
        if method not in averages
        for task in study.suite(config, model).targets
    ]
    return max(sizes, default=0)


def folders(config: dict, models: list[str]) -> list[str]:
    """Model folders that the hub has and some models need, those of teachers, judges and simulators too."""
    named = [config["models"][model]["base"] for model in models]
    named += [config[part][name].get("model") for part, name in _others(config, models)]
    return [folder for folder in dict.fromkeys(named) if folder and study.hub_repo(config, folder)]


def _others(config: dict, models: list[str]) -> list[tuple[str, str]]:
    """Teachers, judges and simulators of models, as (section, name)."""
    teachers = [("teachers", config["models"][model]["teacher"]) for model in models]
    tasks = [config["tasks"][task] for model in models for task in study.benchmarks(config, model)]
    judges = [("judges", task["judge"]) for task in tasks if "judge" in task]
    simulators = [("simulators", task["simulator"]) for task in tasks if "simulator" in task]
    return list(dict.fromkeys([*teachers, *judges, *simulators]))
