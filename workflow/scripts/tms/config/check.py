"""Checks of a configuration: an error is one line that names the key."""

import dataclasses
import difflib
import re
from pathlib import Path

import jsonschema
import yaml

from tms.config import check_experiments, check_on_policy
from tms.config import study as settings
from tms.config.known import check_known
from tms.config.method_kinds import KINDS
from tms.config.stages.mixture import mixture_weights
from tms.config.suite import Suite
from tms.io.errors import InputError
from tms.mixture.schedule import total_steps

SCHEMA = Path(__file__).resolve().parents[4] / "config" / "schemas" / "config.schema.yaml"
JUDGED = {"wildguard"}  # graders that read a judge's output
COLUMNS = {
    "row",
    "xfer",
    "forgetting",
    "forgetting_ext",
    "contamination",
}  # of a table, beside its benchmarks
TAUGHT = ("countdown", "chain", "facts", "lookup", "refusal")  # kinds of tasks that pretraining can teach
RESERVED = {"base", "cells", "tables", "figures", "all"}  # folder names under results/ and results/{model}
LIBRARY = Path(__file__).resolve().parents[1]


def check(config: dict, asked: list[str] | None = None) -> list[str]:
    """Check a configuration before any work is planned.

    Args:
        config: the whole configuration.
        asked: models whose folders, batches and checkpoints have to work; None: all of them.

    Returns:
        Warnings, one line each.

    Raises:
        InputError: an unknown key, a value of the wrong type or out of range, a name that leads nowhere, or
            more checkpoints than a training run can have steps; one line that names the key and the remedy.
    """
    _check_schema(config)
    _check_names(config)
    warnings = []
    for model in config["models"] if asked is None else asked:
        _check_folders(config, model)
        for method in settings.model_methods(config, model):
            warnings += _check_run(config, model, method)
    return warnings


def _check_schema(config: dict) -> None:
    schema = yaml.safe_load(SCHEMA.read_text())
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(config), key=lambda e: list(map(str, e.path))
    )
    if errors:
        raise InputError(_explain(errors[0]))


def _explain(error: jsonschema.ValidationError) -> str:
    key = ".".join(map(str, error.path))
    prefix = f"{key}." if key else ""
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        unknown = sorted(set(error.instance) - set(known), key=str)[0]
        close = difflib.get_close_matches(str(unknown), known, n=1)
        meant = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
        return f"config: unknown key {prefix}{unknown}; {meant}"
    if error.validator == "required":
        missing = sorted(set(error.validator_value) - set(error.instance))[0]
        return f"config: key {prefix}{missing} is missing; add it (config/config.yaml explains each key)"
    if error.validator == "type" and isinstance(error.instance, str):
        if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]+", error.instance):
            return (
                f"config: {key}: {error.instance!r} is text to YAML; write it with a point and a signed "
                f"exponent, e.g. {float(error.instance):.1e}"
            )
    allowed = {
        "minimum": lambda limit: f"must be at least {limit}",
        "maximum": lambda limit: f"must be at most {limit}",
        "exclusiveMinimum": lambda limit: f"must be more than {limit}",
        "exclusiveMaximum": lambda limit: f"must be less than {limit}",
        "enum": lambda values: f"must be one of {', '.join(map(str, values))}",
        "type": lambda kind: f"must be of type {kind if isinstance(kind, str) else ' or '.join(kind)}",
        "minItems": lambda count: f"needs at least {count} entry",
        "uniqueItems": lambda _: "has an entry twice",
        "minLength": lambda _: "must not be empty",
        "pattern": lambda pattern: (
            "must be a point of a run, e.g. 3of10" if "of" in pattern else "must be a commit, 40 hex digits"
        ),
        "anyOf": lambda ways: "needs " + " or ".join(", ".join(way["required"]) for way in ways),
    }[error.validator](error.validator_value)
    return f"config: {key}: {error.instance!r} {allowed}"


def _check_names(config: dict) -> None:
    """Names must be usable as folders and lead to an entry."""
    for part in ("models", "methods", "tasks", "teachers", "judges", "suites", "pretrain", "downloads"):
        for name in config[part]:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", str(name)) or name in RESERVED:
                raise InputError(
                    f"config: {part}.{name}: names are folders: use letters, digits, '_', '.', '-', "
                    f"and none of {', '.join(sorted(RESERVED))}"
                )
    root = config["data"]["root"]
    if root is not None and not Path(root).is_dir():
        raise InputError(f"config: data.root: no folder {root}; correct it, or write null for the hub")
    for name, task in config["tasks"].items():
        check_known(f"tasks.{name}.kind", task["kind"], _modules("tasks"))
        check_known(f"tasks.{name}.grader", task["grader"], _modules("graders"))
        if name in COLUMNS:
            raise InputError(f"config: tasks.{name}: tables have a column of that name; choose another")
        if "judge" in task:
            check_known(f"tasks.{name}.judge", task["judge"], config["judges"])
        judged = task["grader"] in JUDGED
        if ("judge" in task) != judged:
            needs = "needs a judge; name an entry of judges" if judged else "has no use for a judge"
            raise InputError(f"config: tasks.{name}.judge: grader {task['grader']} {needs}")
        if task["limit"] > task["test"]:
            raise InputError(
                f"config: tasks.{name}.limit: {task['limit']} is more than the {task['test']} examples of "
                f"tasks.{name}.test; raise test or lower limit"
            )
    for name, judge in config["judges"].items():
        check_known(f"judges.{name}.kind", judge["kind"], _modules("judges"))
    for name, method in config["methods"].items():
        check_known(f"methods.{name}.kind", method["kind"], KINDS)
    for name, teacher in config["teachers"].items():
        if "model" in teacher and "solutions" in teacher:
            raise InputError(f"config: teachers.{name}: give model or solutions, not both")
    for name in config["suites"]:
        _check_suite(config, name)
    for model in config["table"]["models"]:
        check_known("table.models", model, config["models"])
    for part in ("accepted", "kept"):
        for task, pairs in config["contamination"][part].items():
            check_known(f"contamination.{part}", task, config["tasks"])
            for benchmark, reason in pairs.items():
                if not reason.strip():
                    raise InputError(
                        f"config: contamination.{part}.{task}.{benchmark}: the reason is empty; say why"
                    )
                check_known(f"contamination.{part}.{task}", benchmark, config["tasks"])
    for name, pretrain in config["pretrain"].items():
        check_known(f"pretrain.{name}.suite", pretrain["suite"], config["suites"])
        for task in Suite.read(config["suites"][pretrain["suite"]]).benchmarks:
            if config["tasks"][task]["kind"] not in TAUGHT:
                raise InputError(
                    f"config: suites.{pretrain['suite']}: pretrain.{name} cannot teach {task} (it knows "
                    f"{', '.join(TAUGHT)}); put it into another suite"
                )
    for name, model in config["models"].items():
        check_known(f"models.{name}.teacher", model["teacher"], config["teachers"])
        check_known(f"models.{name}.suite", model["suite"], config["suites"])
        for method in model.get("methods", {}):
            check_known(f"models.{name}.methods", method, config["methods"])
        for method in settings.students(config):
            trajectory = settings.section(config, "tms", name, method)["trajectory"]
            # A round of iterative SFT harvests the student before it.
            iterative = settings.kind_of(config, method).iterative
            known = settings.trajectories(config) + (settings.students(config) if iterative else [])
            check_known(f"tms.trajectory of methods.{method}", trajectory, known)
    check_experiments.check(config)


def _modules(folder: str) -> list[str]:
    return sorted(file.stem for file in (LIBRARY / folder).glob("[!_]*.py"))


def _check_suite(config: dict, name: str) -> None:
    entry = config["suites"][name]
    suite = Suite.read(entry)
    parts = [part.name for part in dataclasses.fields(Suite)]
    for group in parts:
        for task in entry.get(group, []):
            check_known(f"suites.{name}.{group}", task, config["tasks"])
    for view, target in suite.views.items():
        check_known(f"suites.{name}.views.{view}", target, suite.targets)
    for task in suite.targets:
        for split in ("train", "heldout"):
            if split not in config["tasks"][task]:
                raise InputError(
                    f"config: tasks.{task}.{split} is missing; suites.{name} names it as a target"
                )
    groups: dict[str, str] = {}
    for group in parts:
        for task in entry.get(group, []):
            if task in groups:
                raise InputError(
                    f"config: suites.{name}: {task} stands under {groups[task]} and under {group}; keep one"
                )
            groups[task] = group


def _check_folders(config: dict, model: str) -> None:
    """The folders of a model, its teacher and its judges must be there, or be made by the workflow."""
    entry = config["models"][model]
    judges = {config["tasks"][name].get("judge") for name in settings.benchmarks(config, model)} - {None}
    folders = {f"models.{model}.base": entry["base"]}
    if "model" in config["teachers"][entry["teacher"]]:
        folders[f"teachers.{entry['teacher']}.model"] = config["teachers"][entry["teacher"]]["model"]
    folders |= {f"judges.{judge}.model": config["judges"][judge]["model"] for judge in judges}
    made = [f"models/hub/{name}" for name in config["downloads"]]
    made += [f"models/{name}/{part}" for name in config["pretrain"] for part in ("base", "teacher")]
    for key, folder in folders.items():
        if folder.rstrip("/") not in made and not Path(folder).is_dir():
            close = difflib.get_close_matches(folder, made, n=1)
            meant = f"did you mean {close[0]}?" if close else "write the whole path (no ~) of a model folder"
            raise InputError(
                f"config: {key}: no folder {folder}, and no download or pretraining makes it; {meant}"
            )


def _check_run(config: dict, model: str, method: str) -> list[str]:
    """Check one method on one model: its batches, its supervision, and T against the steps that a run can
    have at most."""
    if method in settings.on_policy(config):
        check_on_policy.check(config, model, method)
        return []
    for task in settings.suite(config, model).targets:
        training = settings.section(config, "training", model, method, task)
        devices = max(settings.gpus(config, model, "train"), 1)
        batch, device_batch = training["effective_batch"], training["device_batch"]
        if batch % (device_batch * devices):
            raise InputError(
                f"config: training.effective_batch of models.{model}, methods.{method}, tasks.{task}: "
                f"{batch} is no multiple of device_batch {device_batch} x {devices} GPUs = "
                f"{device_batch * devices}; lower device_batch or models.{model}.gpus.train to a divisor"
            )
    if method in settings.trajectories(config):
        return []
    mixture_weights(config, model, method)
    tms = settings.section(config, "tms", model, method)
    if not settings.kind_of(config, method).mixes:
        return []
    warnings = []
    for task in settings.suite(config, model).targets:
        training = settings.section(config, "training", model, tms["trajectory"], task)
        rows = config["tasks"][task]["train"]
        steps = total_steps(rows, training["epochs"], training["effective_batch"])
        count = tms["num_checkpoints"]
        arithmetic = (
            f"{rows} prompts x {training['epochs']} epochs / effective batch {training['effective_batch']} "
            f"= {steps} steps at most for {task}"
        )
        if steps < count:
            raise InputError(
                f"config: tms.num_checkpoints of methods.{method}, models.{model}: {count} checkpoints need "
                f"as many steps, but {arithmetic}; lower it, or set tasks.{task}.training.effective_batch"
            )
        if steps < 2 * count:
            warnings.append(
                f"methods.{method} on models.{model}: {count} checkpoints in few steps: {arithmetic}"
            )
    return warnings
