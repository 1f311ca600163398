"""Which of our models stand for the paper's, and what the comparison reads of them."""

from tms import config as settings
from tms.paper_numbers import MODELS

# The experiments whose numbers the paper prints.
PRINTED = ["main", "windows", "mismatch", "diversity"]


def stand_ins(config: dict, models: list[str]) -> dict[str, str]:
    """Models that start from one of the paper's: ours -> theirs (`paper_numbers.MODELS`)."""
    theirs = {repo: name for name, repo in MODELS.items()}
    found = {}
    for model in models:
        name = theirs.get(settings.hub_repo(config, config["models"][model]["base"]))
        if name is not None:
            found[model] = name
    return found


def cell_files(config: dict, models: list[str]) -> list[str]:
    """Cells of these models in which the paper's numbers can have a counterpart."""
    return [
        f"results/{model}/cells/{name}.parquet"
        for model in stand_ins(config, models)
        for name in settings.experiments(config, model)
        if name in PRINTED
    ]


def own_settings(config: dict, models: list[str]) -> dict[tuple[str, str], float]:
    """What Tables 4 and 5 print, of these models: (model, setting) -> value, for the baseline SFT."""
    found = {}
    for model in stand_ins(config, models):
        training = settings.section(config, "training", model, settings.trajectories(config)[0])
        cards = max(settings.gpus(config, model, "train"), 1)
        found[model, "learning_rate"] = training["learning_rate"]
        found[model, "batch_per_device"] = training["device_batch"]
        found[model, "grad_accumulation"] = training["effective_batch"] / (training["device_batch"] * cards)
        found[model, "effective_batch"] = training["effective_batch"]
        found[model, "tensor_parallel"] = max(settings.gpus(config, model, "generate"), 1)
    return found


def flag_values(config: dict, models: list[str]) -> dict[str, list[str]]:
    """Flags of `compare.py` for these models."""
    values = own_settings(config, models)
    return {
        "models": [f"{ours}={theirs}" for ours, theirs in stand_ins(config, models).items()],
        "settings": [f"{model}/{name}={value:g}" for (model, name), value in values.items()],
        "cells": cell_files(config, models),
    }
