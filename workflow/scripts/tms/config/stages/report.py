"""Verdicts on the research questions, and a model's report: inputs and flags of the jobs."""

import json

from tms.config import paths, study, wheels
from tms.config.flags import flags, labelled
from tms.config.stages import evaluate

# General settings that a report prints.
REPORTED_SECTIONS = ("training", "tms", "harvest", "on_policy", "evaluation", "drift", "diagnose")


def questions_flags(config: dict, model: str | None = None) -> str:
    """A model and its suite. Without a model: all models of a table have the columns of the first."""
    suite = study.suite_entry(config, model or config["table"]["models"][0])
    return flags(model=model, suite=json.dumps(suite, sort_keys=True))


def main_cells(config: dict) -> list[str]:
    """Cells of the experiment main of each model of `table.models` that has it, for RQ7 (scaling)."""
    return [
        path
        for model in config["table"]["models"]
        if "main" in study.experiments(config, model)
        for path in paths.cell_files(model, ["main"])
    ]


def reported_runs(config: dict, model: str, name: str) -> dict[str, str]:
    """A file of each run of the experiment main, whose rows the page shows: `method/task/seedN` -> path."""
    return paths.run_files(config, model, study.experiments(config, model)["main"], name)


def reported_rows(config: dict, model: str, name: str) -> list[str]:
    """A file of the base and of each of these runs."""
    return [f"results/{model}/base/{name}", *reported_runs(config, model, name).values()]


def warning_files(config: dict, model: str) -> list[str]:
    """Warnings on the runs of each method of the experiment main."""
    return list(paths.method_files(model, study.experiments(config, model)["main"], "warnings.json").values())


def reported_likelihoods(config: dict, model: str) -> list[str]:
    """The files of likelihoods of these, where a benchmark is scored by them."""
    return [
        path
        for run in ["base", *reported_runs(config, model, "")]
        for path in evaluate.likelihoods(config, model, run)
    ]


def reported_settings(config: dict, model: str) -> dict:
    """The settings behind a model's results, as the page prints them."""
    entry = config["models"][model]
    note = wheels.weights_note(config, entry["base"])
    return {
        "model": entry,
        **({"weights": note} if note else {}),
        "teacher": config["teachers"][entry["teacher"]],
        "suite": study.suite_entry(config, model),
        "experiments": study.experiments(config, model),
        "methods": {name: config["methods"][name] for name in study.model_methods(config, model)},
        "tasks": {name: config["tasks"][name] for name in study.benchmarks(config, model)},
        **{name: config[name] for name in REPORTED_SECTIONS},
    }


def report_flags(config: dict, model: str) -> str:
    """The settings that the page prints, and the folders of the runs whose rows it shows."""
    folders = {label: f"results/{model}/{label}" for label in reported_runs(config, model, "")}
    return flags(
        model=model,
        settings=json.dumps(reported_settings(config, model), sort_keys=True),
        base=f"results/{model}/base",
        runs=labelled(folders),
        templates=paths.TEMPLATES,
    )
