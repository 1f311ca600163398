"""Our models that stand for the paper's, and the inputs of the comparison."""

import json

from tms.config import paths, study
from tms.config.stages.train import scaled_rate
from tms.paper.numbers import MODELS, PILOTS, SETTINGS

# The experiments whose numbers the paper prints.
PRINTED = ["main", "windows", "mismatch", "diversity"]


def stand_ins(config: dict, models: list[str]) -> dict[str, str]:
    """Models with a base of the paper's, for the same pilot or for none: ours -> theirs (`MODELS`)."""
    pairs = {}
    for model in models:
        base = study.hub_repo(config, config["models"][model]["base"])
        pilot = study.suite(config, model).pilot
        for theirs, repo in MODELS.items():
            if repo == base and PILOTS.get(theirs, "") == pilot:
                pairs[model] = theirs
    return pairs


def cell_files(config: dict, models: list[str]) -> list[str]:
    """Cells of these models in which the paper's numbers can have a counterpart."""
    return [
        f"results/{model}/cells/{name}.parquet"
        for model in stand_ins(config, models)
        for name in study.experiments(config, model)
        if name in PRINTED
    ]


def baseline_settings(config: dict, model: str, task: str | None = None) -> dict[str, float | str]:
    """Settings of a model's baseline SFT and of its generation (Tables 4 and 5), on a task or in general.

    `tensor_parallel` is the number of cards that generate; 0 where a CPU does.
    """
    training = study.section(config, "training", model, study.trajectories(config)[0], task)
    cards = max(study.gpus(config, model, "train"), 1)
    return {
        "learning_rate": scaled_rate(training, training),
        "batch_per_device": training["device_batch"],
        "grad_accumulation": training["effective_batch"] / (training["device_batch"] * cards),
        "effective_batch": training["effective_batch"],
        "epochs": training["epochs"],
        "warmup": training["warmup"],
        "tensor_parallel": study.gpus(config, model, "generate"),
        "engine": study.engine(config, "models", model),
    }


def grouped_settings(config: dict, model: str) -> list[dict]:
    """Rows of Tables 4 and 5: `baseline_settings` with the target tasks (`tasks`) that share them."""
    groups: list[dict] = []
    for task in study.suite(config, model).targets:
        row = baseline_settings(config, model, task)
        same = [group for group in groups if all(group[name] == value for name, value in row.items())]
        if same:
            same[0]["tasks"].append(task)
        else:
            groups.append(row | {"tasks": [task]})
    return groups


def own_settings(config: dict, models: list[str]) -> dict[tuple[str, str], float]:
    """Settings of these models that Tables 4 and 5 print: (model, setting) -> value, for the baseline SFT."""
    values = {}
    for model in stand_ins(config, models):
        baseline = baseline_settings(config, model)
        baseline["tensor_parallel"] = max(baseline["tensor_parallel"], 1)  # the paper's has no 0
        values |= {(model, name): baseline[name] for name in SETTINGS}
    return values


def flag_values(config: dict, models: list[str]) -> dict[str, list[str]]:
    """Flags of `compare.py` for these models."""
    values = own_settings(config, models)
    return {
        "models": [f"{ours}={theirs}" for ours, theirs in stand_ins(config, models).items()],
        "settings": [f"{model}/{name}={value:.10g}" for (model, name), value in values.items()],
        "cells": cell_files(config, models),
        "suites": [
            f"{model}={json.dumps(config['suites'][config['models'][model]['suite']], sort_keys=True)}"
            for model in stand_ins(config, models)
        ],
        "contamination": [
            f"{label}={path}"
            for label, path in paths.contamination_files(config, stand_ins(config, models)).items()
        ],
    }
