"""Input functions and flags of the tables and figures: scopes, files of cells, what the config says of a model."""

# Every model of `table.models` together; else a scope is a model's name.
TOGETHER = "all"


def scope_models(wildcards):
    return config["table"]["models"] if wildcards.scope == TOGETHER else [wildcards.scope]


def scope_compare(wildcards):
    return "results/compare.csv" if wildcards.scope == TOGETHER else f"results/{wildcards.scope}/compare.csv"


def model_cells(model):
    """Every file of cells of a model: its experiments', and what is measured of the runs of `main`."""
    names = dict.fromkeys(settings.experiments(config, model))
    if "main" in names:
        names |= {"bound": None, "relations": None}
        if on_policy_methods(model):
            names["training"] = None
    if "windows" in names:
        names["frontier"] = None  # the windows at matched accuracy are in its file
    return [f"results/{model}/cells/{name}.parquet" for name in names]


def scope_cells(wildcards):
    return [path for model in scope_models(wildcards) for path in model_cells(model)]


def scope_contamination(wildcards):
    """Reports of the gate on each target task: `model/task` -> file."""
    return printed_models.contamination_files(config, scope_models(wildcards))


def drawn_model(model):
    """What tables and figures need to know of a model, as `MODEL=JSON`."""
    experiments = settings.experiments(config, model)
    known = {
        "experiments": experiments,
        "suite": config["suites"][config["models"][model]["suite"]],
        "kinds": {
            name: config["methods"][name]["kind"] for methods in experiments.values() for name in methods
        },
        "parameters": config["models"][model].get("parameters"),
        "settings": printed_models.grouped_settings(config, model),
    }
    return f"{model}={json.dumps(known)}"


def drawing_flags(wildcards):
    models = scope_models(wildcards)
    return flags(models=[drawn_model(model) for model in models], cells=scope_cells(wildcards))


def table_flags(wildcards):
    reports = [f"{label}={path}" for label, path in scope_contamination(wildcards).items()]
    return f"{drawing_flags(wildcards)} {flags(contamination=reports)}"
