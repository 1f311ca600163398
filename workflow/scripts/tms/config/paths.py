"""Files of the workflow: a function of the configuration and of names, or a pattern with their wildcards."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tms.config import study
from tms.config.suite import tasks_of
from tms.mixture.checkpoints import BASE, FINAL

RUN = "results/{model}/{method}/{task}/seed{seed}"
CURVES = "logs/tensorboard/{model}/{method}/{task}/seed{seed}"
# The completion cache.
CACHE = "rows"
# The IFEval checker's sentence splitter.
PUNKT = "data/nltk/tokenizers/punkt_tab"
TEMPLATES = "workflow/templates"
PAPER = "workflow/resources/paper"
GENERAL = "workflow/resources/general"
# Section of the configuration -> its key of a model's folder.
MODEL_FOLDERS = {"models": "base", "teachers": "model", "judges": "model", "simulators": "model"}


def any_of(names: Iterable[str]) -> str:
    """A wildcard's pattern that admits exactly these names."""
    return "|".join(map(re.escape, names)) or "(?!)"


def evaluated_runs(config: dict) -> str:
    """Pattern of what can be evaluated: the base, a training run, or the checkpoints before its end."""
    targets = sorted({task for entry in config["suites"].values() for task in entry["targets"]})
    return f"base|({any_of(config['methods'])})/({any_of(targets)})/seed[0-9]+(/points)?"


def run_folder(model: str, method: str, task: str, seed: int | str) -> str:
    """Folder of a training run."""
    return RUN.format(model=model, method=method, task=task, seed=seed)


def run_files(config: dict, model: str, methods: Iterable[str], name: str) -> dict[str, str]:
    """A file of each run of some methods: `method/task/seedN` -> path."""
    return {
        f"{method}/{task}/seed{seed}": f"{run_folder(model, method, task, seed)}/{name}"
        for method in methods
        for task, seed in study.runs(config, model)
    }


def method_files(model: str, methods: Iterable[str], name: str) -> dict[str, str]:
    """A file of each method of a model: method -> path."""
    return {method: f"results/{model}/{method}/{name}" for method in methods}


def cell_files(model: str, names: Iterable[str]) -> list[str]:
    """Cells of experiments of a model."""
    return [f"results/{model}/cells/{name}.parquet" for name in names]


def checkpoint_folder(config: dict, model: str, method: str, task: str, seed: int | str, point: str) -> str:
    """Folder of a run's checkpoint; theta_0 is the model's base."""
    if point == BASE:
        return config["models"][model]["base"]
    run = run_folder(model, method, task, seed)
    return f"{run}/checkpoint-{point}" if point == FINAL else f"{run}/trajectory/checkpoint-{point}"


def checkpoint_folders(
    config: dict, model: str, method: str, task: str, seed: int | str, points: Iterable[str]
) -> dict[str, str]:
    """Folders of checkpoints of a run: point -> path."""
    return {point: checkpoint_folder(config, model, method, task, seed, point) for point in points}


def checkpoint_inputs(
    config: dict, model: str, method: str, task: str, seed: int | str, points: Iterable[str]
) -> list[str]:
    """Inputs of a job that reads these checkpoints: the base, a run's end, the folder of those before it."""
    folders = checkpoint_folders(config, model, method, task, seed, points)
    whole = (BASE, FINAL)
    return sorted({path if point in whole else str(Path(path).parent) for point, path in folders.items()})


def teacher_file(config: dict, model: str, task: str, name: str) -> str:
    """The teacher's answers to prompts that no benchmark of the model's suite holds."""
    entry = config["models"][model]
    return f"data/{task}/{entry['suite']}/{entry['teacher']}/{name}"


def teacher_costs(config: dict, model: str, target: str) -> dict[str, str]:
    """Cost files of a target's references: `teacher` -> path, of a joint target `teacher-{task}` of each."""
    names = tasks_of(target)
    return {
        "teacher" if name == target else f"teacher-{name}": teacher_file(
            config, model, name, "samples.cost.json"
        )
        for name in names
    }


def test_files(benchmarks: Sequence[str]) -> dict[str, str]:
    """Test split of each benchmark: name -> path."""
    return {name: f"data/{name}/test.parquet" for name in benchmarks}


def prepared_files(tasks: Sequence[str], splits: Sequence[str]) -> list[str]:
    """Splits of tasks as they were prepared, before the gate takes rows out."""
    return [f"data/{task}/{split}.parquet" for task in tasks for split in splits]


def contamination_files(config: dict, models: Iterable[str]) -> dict[str, str]:
    """Reports of the gate on each task that these models train on: `model/task` -> path."""
    return {
        f"{model}/{task}": f"data/{task}/{config['models'][model]['suite']}/contamination.json"
        for model in models
        for task in study.suite(config, model).target_tasks
    }
