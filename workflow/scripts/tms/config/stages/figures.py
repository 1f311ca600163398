"""Tables and figures from cells, and the comparison with the paper: inputs and flags of the jobs.

A scope is a model, or `all` for the models of `table.models` together.
"""

import json

from tms.config import paths, study
from tms.config.flags import flags, labelled
from tms.config.own_settings import own_settings
from tms.config.stages.experiments import on_policy_methods
from tms.paper import stand_ins

TOGETHER = "all"
PAPER_TABLES = [f"{paths.PAPER}/table{name}.csv" for name in ("1", "2", "4_5", "6", "7", "8", "9")]


def scope_models(config: dict, scope: str) -> list[str]:
    """Models of a scope."""
    return config["table"]["models"] if scope == TOGETHER else [scope]


def pilot_models(config: dict) -> list[str]:
    """Models whose suite is one of the paper's pilots."""
    return [model for model in config["models"] if study.suite(config, model).pilot]


def comparison_file(scope: str) -> str:
    """The paper's numbers beside those of a scope."""
    return "results/compare.csv" if scope == TOGETHER else f"results/{scope}/compare.csv"


def compared_contamination(config: dict, scope: str) -> list[str]:
    """Reports of the gate on the target tasks of the models that stand for the paper's."""
    models = stand_ins.stand_ins(config, scope_models(config, scope))
    return list(paths.contamination_files(config, models).values())


def compared_cells(config: dict, scope: str) -> list[str]:
    """Cells in which the paper's numbers can have a counterpart."""
    return stand_ins.cell_files(config, scope_models(config, scope))


def compare_flags(config: dict, scope: str) -> str:
    """The models that stand for the paper's, their settings and files; for one model its numbers alone."""
    only = {} if scope == TOGETHER else {"only": []}
    return flags(**stand_ins.flag_values(config, scope_models(config, scope)), **only, paper=paths.PAPER)


def model_cells(config: dict, model: str) -> list[str]:
    """Every file of cells of a model: its experiments', and what is measured of the runs of `main`."""
    names = dict.fromkeys(study.experiments(config, model))
    if "main" in names:
        names |= {"theorem61": None, "correlations": None}
        if on_policy_methods(config, model):
            names["training_curves"] = None
    if "windows" in names:
        names["frontier"] = None  # the windows at matched accuracy are in its file
    return paths.cell_files(model, names)


def scope_cells(config: dict, scope: str) -> list[str]:
    """Every file of cells of a scope."""
    return [path for model in scope_models(config, scope) for path in model_cells(config, model)]


def contamination(config: dict, scope: str) -> dict[str, str]:
    """Reports of the gate on each target task of a scope: `model/task` -> path."""
    return paths.contamination_files(config, scope_models(config, scope))


def model_info(config: dict, model: str) -> str:
    """The facts about a model that tables and figures need, as JSON."""
    experiments = study.experiments(config, model)
    return json.dumps(
        {
            "experiments": experiments,
            "suite": study.suite_entry(config, model),
            "kinds": {
                name: config["methods"][name]["kind"] for methods in experiments.values() for name in methods
            },
            "sides": study.sides(config, model) if "frontier" in experiments else {},
            "own": _own_settings(config, model),
            "parameters": config["models"][model].get("parameters"),
            "settings": stand_ins.grouped_settings(config, model),
            "scales": _scales(config, model),
            "temperatures": _temperatures(config, model),
        }
    )


def _own_settings(config: dict, model: str) -> dict[str, str]:
    """Settings of the frontier's methods, which tell them from others of their side, where there are some."""
    methods = study.experiments(config, model).get("frontier", [])
    found = {method: own_settings(config, model, method) for method in methods}
    return {method: text for method, text in found.items() if text}


def _scales(config: dict, model: str) -> dict[str, float]:
    """The share of the learning rate that a method trains at, of those that have another than all of it."""
    methods = [name for chosen in study.experiments(config, model).values() for name in chosen]
    scales = {
        name: study.section(config, "training", model, name)["learning_rate_scale"]
        for name in dict.fromkeys(methods)
        if study.trained(config, name) == name
    }
    return {name: scale for name, scale in scales.items() if scale != 1}


def _temperatures(config: dict, model: str) -> dict[str, dict[str, float]]:
    """Temperature of the rollouts of main's on-policy methods on each target task, where it is not 1."""
    found = {
        method: {
            task: temperature
            for task in study.suite(config, model).targets
            if (temperature := study.section(config, "on_policy", model, method, task)["temperature"]) != 1
        }
        for method in on_policy_methods(config, model)
    }
    return {method: temperatures for method, temperatures in found.items() if temperatures}


def figure_flags(config: dict, scope: str) -> str:
    """The models of a scope and their cells."""
    models = {model: model_info(config, model) for model in scope_models(config, scope)}
    return flags(models=labelled(models), cells=scope_cells(config, scope))


def table_flags(config: dict, scope: str) -> str:
    """Those of the figures, and the reports of the gate."""
    return f"{figure_flags(config, scope)} {flags(contamination=labelled(contamination(config, scope)))}"
