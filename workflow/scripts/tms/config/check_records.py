"""Checks of tasks whose rows are files of the user's own, or any data set of the hub (kind `records`)."""

import os
from collections.abc import Collection
from pathlib import Path

from tms.config import study
from tms.config.check_values import path_fault
from tms.config.faults import Faults
from tms.config.tasks import RECORDS
from tms.data.records.options import RecordOptions, read
from tms.data.splits import SPLITS
from tms.io.errors import InputError

WRITTEN = ("results", "rows", "logs", "models")  # folders of the workflow's own, beside data/{task}


def check_options(config: dict, name: str, faults: Faults) -> None:
    """Check the options of a task of this kind."""
    task = config["tasks"][name]
    try:
        options = read(task.get("options", {}))
    except InputError as error:
        faults += [f"config: tasks.{name}.{line}" for line in str(error).splitlines()]
        return
    for split in SPLITS:
        if split in task:
            try:
                options.part(split)
            except InputError as error:
                faults.append(f"config: tasks.{name}.{error}, or leave tasks.{name}.{split} out")
    for split, path in options.files.items():
        key = f"tasks.{name}.options.files.{split}".rstrip(".")
        if fault := path_fault(key, path):
            faults.append(fault)
        elif _is_written(path, config):
            faults.append(
                f"config: {key}: {path}: the workflow writes and deletes files there; put it elsewhere"
            )


def check_files(config: dict, model: str, methods: Collection[str], faults: Faults) -> None:
    """Check that the files of a model's benchmarks are there, and of what some of its methods replay."""
    found = [study.replay(config, model, method) for method in methods]
    replayed = [replay["task"] for replay in found if replay and replay["task"] in config["tasks"]]
    for name in dict.fromkeys([*study.benchmarks(config, model), *replayed]):
        if config["tasks"][name]["kind"] == RECORDS:
            for split, path in _options(config, name).files.items():
                if not path_fault("", path) and not Path(path).is_file():
                    key = f"tasks.{name}.options.files.{split}".rstrip(".")
                    faults.append(
                        f"config: {key}: no file {path}; correct it (a path begins at the folder in which "
                        f"snakemake is started)"
                    )


def _options(config: dict, name: str) -> RecordOptions:
    """The options of a task; none where they are faulty, which `check_options` says."""
    try:
        return read(config["tasks"][name].get("options", {}))
    except InputError:
        return RecordOptions()


def _is_written(path: str, config: dict) -> bool:
    """Whether a file lies in a folder that the workflow makes."""
    parts = Path(os.path.relpath(path)).parts
    return parts[0] in WRITTEN or (parts[0] == "data" and len(parts) > 2 and parts[1] in config["tasks"])
