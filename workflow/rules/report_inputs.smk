"""Input functions and settings of the verdicts on the research questions, and of the report."""

TEMPLATES = "workflow/templates"
# General settings that a report prints.
REPORTED_SECTIONS = ("training", "tms", "harvest", "on_policy", "evaluation", "drift", "diagnose")


def suite_entry(model):
    return config["suites"][config["models"][model]["suite"]]


def compared_cells(wildcards):
    """Cells of the experiment main of each model of `table.models` that has it: what RQ7 (scaling) compares."""
    return [
        f"results/{model}/cells/main.parquet"
        for model in config["table"]["models"]
        if "main" in settings.experiments(config, model)
    ]


def report_runs(wildcards):
    """Runs whose rows the page shows: those of the experiment main, `method/task/seedN` -> folder."""
    model = wildcards.model
    return {
        f"{method}/{task}/seed{seed}": f"results/{model}/{method}/{task}/seed{seed}"
        for method in settings.experiments(config, model)["main"]
        for task, seed in runs(model)
    }


def report_rows(wildcards, name):
    folders = [f"results/{wildcards.model}/base", *report_runs(wildcards).values()]
    return [f"{folder}/{name}.parquet" for folder in folders]


def report_settings(wildcards):
    """The settings behind a model's results, as the page prints them."""
    model = wildcards.model
    entry = config["models"][model]
    methods = settings.model_methods(config, model)
    return {
        "model": entry,
        "teacher": config["teachers"][entry["teacher"]],
        "suite": suite_entry(model),
        "experiments": settings.experiments(config, model),
        "methods": {name: config["methods"][name] for name in methods},
        "tasks": {name: config["tasks"][name] for name in settings.benchmarks(config, model)},
        **{name: config[name] for name in REPORTED_SECTIONS},
    }
