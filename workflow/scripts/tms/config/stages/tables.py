"""From scores to the paper's table: inputs and flags of the jobs."""

from tms.config import paths, study, tasks, wheels
from tms.config.flags import flags, labelled
from tms.config.stages import general, mixture
from tms.mixture.checkpoints import BASE


def suite_flags(config: dict, model: str) -> dict:
    """Flags that name a suite's benchmarks."""
    suite = study.suite(config, model)
    general = {"general": []} if suite.general else {}  # a flag without a value
    unscored = {"unscored": suite.unscored} if suite.unscored else {}
    return {
        "targets": suite.targets,
        "retention": suite.retention or None,
        "views": labelled(suite.views) or None,
        "safety": suite.safety or None,
        "reported": suite.reported or None,
        **general,
        **unscored,
    }


def run_costs(config: dict, model: str, method: str, task: str, seed: int) -> dict[str, str]:
    """Cost file of all that a run depends on, its own training included: stage -> path."""
    cost = f"{paths.run_folder(model, method, task, seed)}/train.cost.json"
    if method in study.averages(config):
        trained = run_costs(config, model, study.trained(config, method), task, seed)
        return trained | {f"average-{method}": cost}
    costs = paths.teacher_costs(config, model, task)
    if replay := study.replay(config, model, method):
        costs |= {f"general-{replay['task']}": general.answers_file(model, replay["task"], "cost.json")}
    if method in study.trajectories(config):
        return costs | {"sft": cost}
    if method in study.on_policy(config):
        return costs | {"on_policy": cost}
    if mixture.mixture_weights(config, model, method).points != (BASE,):
        source = mixture.harvested_run(config, model, method)
        costs |= run_costs(config, model, source, task, seed)
    files = mixture.harvest_files(config, model, method, task, seed, "cost.json")
    costs |= {f"harvest-{method}-{part}": path for part, path in enumerate(files, start=1)}
    return costs | {f"student-{method}": cost}


def method_costs(config: dict, model: str, method: str) -> dict[str, str]:
    """Cost file of everything that a method depends on: `stage/task/seedN` -> path."""
    return {
        f"{stage}/{task}/seed{seed}": path
        for task, seed in study.runs(config, model)
        for stage, path in run_costs(config, model, method, task, seed).items()
    }


def general_costs(config: dict, model: str) -> dict[str, list[str]]:
    """Cost of the base's answers to general prompts -> the methods that depend on it: no other needs it."""
    found: dict[str, list[str]] = {}
    for method in study.model_methods(config, model):
        for path in dict.fromkeys(method_costs(config, model, method).values()):
            if path.startswith(f"results/{model}/general/"):
                found.setdefault(path, []).append(method)
    return found


def method_runs(config: dict, model: str, method: str, name: str) -> dict[str, str]:
    """A file of each run of a method: `task/seedN` -> path."""
    files = paths.run_files(config, model, [method], name)
    return {label.removeprefix(f"{method}/"): path for label, path in files.items()}


def health_files(config: dict, model: str, method: str) -> dict[str, str]:
    """Health records of a method's runs, where it trains on rows: `task/seedN` -> path."""
    on_rows = study.kind_of(config, method).on_rows
    return method_runs(config, model, method, "health.json") if on_rows else {}


def note(config: dict, model: str) -> str:
    """Sentences to know of a model's weights and benchmarks; "" where there is nothing."""
    weights = wheels.weights_note(config, config["models"][model]["base"])
    left_out = tasks.note(config, study.benchmarks(config, model))
    return " ".join(filter(None, [weights, left_out]))


def aggregate_flags(config: dict, model: str, method: str) -> str:
    """The suite and the files of a method's runs."""
    return flags(
        model=model,
        method=method,
        **suite_flags(config, model),
        note=note(config, model) or None,
        runs=labelled(method_runs(config, model, method, "scores.json")),
        grades=labelled(method_runs(config, model, method, "grades.parquet")),
        drifts=labelled(method_runs(config, model, method, "drift.json")),
        costs=labelled(method_costs(config, model, method)),
        health=labelled(health_files(config, model, method)) or None,
    )


def table_files(config: dict, model: str, name: str) -> list[str]:
    """A file of each method of a model's table."""
    return list(paths.method_files(model, study.table_methods(config, model), name).values())


def model_tables(config: dict) -> dict[str, str]:
    """The tables that are joined to one: model -> path."""
    return {model: f"results/{model}/table.csv" for model in config["table"]["models"]}
