"""Verdicts on the research questions, and a model's report: inputs and flags of the jobs."""

import hashlib
import json

from tms.config import paths, study, wheels
from tms.config.flags import flags, labelled
from tms.config.stages import evaluate, experiments, figures, tables

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
    """Warnings on the runs of each method of experiment main, and of the frontier, which is chosen from."""
    methods = dict.fromkeys([*study.experiments(config, model)["main"], *_frontier(config, model)])
    return list(paths.method_files(model, methods, "warnings.json").values())


def reported_likelihoods(config: dict, model: str) -> list[str]:
    """The files of likelihoods of these, where a benchmark is scored by them."""
    return [
        path
        for run in ["base", *reported_runs(config, model, "")]
        for path in evaluate.likelihoods(config, model, run)
    ]


def reported_settings(config: dict, model: str) -> dict:
    """The settings behind a model's results, as the page prints them."""
    entry, replayed = config["models"][model], study.general_tasks(config, model)
    note = wheels.weights_note(config, entry["base"])
    return {
        "model": entry,
        **({"weights": note} if note else {}),
        "teacher": config["teachers"][entry["teacher"]],
        "suite": study.suite_entry(config, model),
        "experiments": study.experiments(config, model),
        "methods": {name: config["methods"][name] for name in study.model_methods(config, model)},
        "tasks": {name: config["tasks"][name] for name in [*study.benchmarks(config, model), *replayed]},
        **{name: config[name] for name in REPORTED_SECTIONS},
        **({"replay": config["replay"]} if replayed else {}),
    }


def choice_file(model: str) -> str:
    """The choice among a model's methods for each tolerance."""
    return f"results/{model}/choose.json"


def answer_cells(config: dict, model: str) -> list[str]:
    """Cells of the experiment main, and of the frontier where the model has it."""
    names = ["main", *(["frontier"] if "frontier" in study.experiments(config, model) else [])]
    return paths.cell_files(model, names)


def answer_costs(config: dict, model: str, experiment: str) -> dict[str, str]:
    """Cost table of each method that an answer may name and that has one: method -> path."""
    names = dict.fromkeys(experiments.methods(config, model, experiment))
    if experiment != experiments.PAIR:
        asked = experiments.summarised(config, model)
        with_table = {name for one in asked for name in experiments.methods(config, model, one)}
        names |= dict.fromkeys(name for name in _frontier(config, model) if name in with_table)
    return paths.method_files(model, names, "cost.csv")


def answer_run_costs(config: dict, model: str, experiment: str) -> dict[str, str]:
    """Cost files of the frontier's methods without a cost table: `METHOD/STAGE/TASK/seedN` -> path."""
    if experiment == experiments.PAIR:
        return {}
    known = answer_costs(config, model, experiment)
    return {
        f"{method}/{label}": path
        for method in _frontier(config, model)
        if method not in known
        for label, path in tables.method_costs(config, model, method).items()
    }


def answer_warnings(config: dict, model: str, experiment: str) -> dict[str, str]:
    """Warnings on the runs of SFT and TMS, or of all methods where there is neither: method -> path."""
    names = experiments.methods(config, model, experiment)
    chosen = [name for name in experiments.BASELINES if name in names] or names
    return paths.method_files(model, chosen, "warnings.json")


def _frontier(config: dict, model: str) -> list[str]:
    return study.experiments(config, model).get("frontier", [])


def answer_flags(config: dict, model: str, experiment: str) -> str:
    """The model, its seeds and the cost files of the methods that its answer may name."""
    digest = hashlib.sha256(_settings_text(config, model).encode()).hexdigest()[:12]
    return flags(
        model=model,
        info=figures.model_info(config, model),
        experiment=experiment,
        seeds=config["models"][model]["seeds"],
        costs=labelled(answer_costs(config, model, experiment)),
        run_costs=labelled(answer_run_costs(config, model, experiment)) or None,
        warnings=labelled(answer_warnings(config, model, experiment)),
        note=tables.note(config, model) or None,
        settings_digest=digest,
        report=None if experiment == experiments.PAIR else "report.html",
        choose=None if experiment == experiments.PAIR else choice_file(model),
    )


def _settings_text(config: dict, model: str) -> str:
    return json.dumps(reported_settings(config, model), sort_keys=True)


def report_flags(config: dict, model: str) -> str:
    """The settings that the page prints, and the folders of the runs whose rows it shows."""
    folders = {label: f"results/{model}/{label}" for label in reported_runs(config, model, "")}
    return flags(
        model=model,
        settings=_settings_text(config, model),
        base=f"results/{model}/base",
        runs=labelled(folders),
        templates=paths.TEMPLATES,
    )
