"""Checks of a configuration: an error is one line that names the key."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tms.config import (
    check_experiments,
    check_folders,
    check_graders,
    check_lora,
    check_on_policy,
    check_pilots,
    check_points,
    check_records,
    check_replay,
    check_simulators,
    check_vision,
    pretrained,
    study,
)
from tms.config.check_values import path_fault, value_faults
from tms.config.faults import Faults
from tms.config.joint_targets import check_targets, own_tasks, unread, written
from tms.config.known import check_known
from tms.config.method_kinds import KINDS
from tms.config.stages.mixture import mixture_weights
from tms.config.suite import GENERAL, PARTS, Suite
from tms.config.tasks import RECORDS, each
from tms.io import modules
from tms.io.code_digest import digests
from tms.io.errors import InputError
from tms.training import losses_by_name

# Columns of a table, beside its benchmarks.
COLUMNS = {"row", "xfer", "forgetting", "forgetting_ext", "contamination", GENERAL}
Asked = list[str] | dict[str, list[str]]  # models, with the methods of each that are asked for or with all


def check(
    config: dict, asked: Asked | Callable[[], Asked] | None = None, duplicates: Sequence[str] = ()
) -> list[str]:
    """Check a configuration before any work is planned.

    Args:
        config: the whole configuration.
        asked: models whose folders, batches and checkpoints have to work, with the methods whose graders
            have to (by themselves: the models' experiments), or what finds them in a configuration that may
            have faults; None: all of them.
        duplicates: faults of its files, as `tms.config.load.duplicates` finds them.

    Returns:
        Warnings, one line each.

    Raises:
        InputError: an unknown key, a value of the wrong type or out of range, a name that is no folder's or
            leads nowhere, a folder that is not there, batches that cannot be dealt out, or more checkpoints
            than a training run can have steps: every fault, a line each that names the key and the remedy.
    """
    faults = Faults([*duplicates, *value_faults(written(config))])
    faults.check(_check_names, config, faults)
    faults.check(check_experiments.check, config, faults)
    faults.check(check_replay.check_tasks, config, faults)
    warnings: list[str] = []
    faults.check(_check_models, config, asked, faults, warnings)
    faults.end()
    return warnings


def _check_models(
    config: dict,
    asked: Asked | Callable[[], Asked] | None,
    faults: Faults,
    warnings: list[str],
) -> None:
    """Check the models that are asked for; only where nothing else is wrong also their runs."""
    models = list(config["models"]) if asked is None else asked() if callable(asked) else asked
    for model in models:
        faults.check(check_folders.check, config, model, faults)
        methods = models[model] if isinstance(models, dict) else study.named_methods(config, model)
        faults.check(check_graders.check_methods, config, model, methods, faults)
        faults.check(check_replay.check_methods, config, model, methods, faults)
        faults.check(check_records.check_files, config, model, methods, faults)
        faults.check(check_on_policy.check_teacher, config, model, methods, faults)
        faults.check(check_simulators.check_model, config, model, methods, faults)
    if faults:
        return
    runs: dict[str, str] = {}  # what is wrong, without the place -> the line
    for model in models:
        warnings += unread(config, config["models"][model]["suite"])
        averages = study.averages(config)
        for method in study.model_methods(config, model):
            try:
                if method in averages:  # of runs that are checked as such
                    check_points.check_average(config, model, method)
                else:
                    warnings += _check_run(config, model, method)
            except InputError as error:  # the methods of a model mostly share their settings
                runs.setdefault(str(error).removeprefix("config: ").partition(": ")[2], str(error))
    faults += runs.values()


def _check_names(config: dict, faults: Faults) -> None:
    """Names must lead to an entry."""
    root = config["data"]["root"]
    if isinstance(root, str) and not path_fault("data.root", root) and not Path(root).is_dir():
        faults.append(f"config: data.root: no folder {root}; correct it, or write null for the hub")
    for name in own_tasks(config):
        faults.check(_check_task, config, name, faults)
    for name, judge in config["judges"].items():
        faults.known(f"judges.{name}.kind", study.value_at(judge, ["kind"]), modules.names("judges"))
    for name, method in config["methods"].items():
        faults.known(f"methods.{name}.kind", study.value_at(method, ["kind"]), KINDS)
    for name, teacher in config["teachers"].items():
        if "model" in teacher and "verify" in teacher:
            faults.append(f"config: teachers.{name}: give model or verify, not both")
    for name in config["suites"]:
        faults.check(_check_suite, config, name, faults)
    for model in config["table"]["models"]:
        faults.known("table.models", model, config["models"])
    for part in ("accepted", "kept"):
        faults.check(_check_reasons, config, part, faults)
    for name in config["pretrain"]:
        faults.check(_check_pretraining, config, name, faults)
    for name in config["models"]:
        faults.check(_check_model, config, name, faults)
    for method in study.students(config):
        faults.check(_check_student, config, method, faults)


def _check_task(config: dict, name: str, faults: Faults) -> None:
    task = config["tasks"][name]
    if name in COLUMNS:
        faults.append(f"config: tasks.{name}: tables have a column of that name; choose another")
    if faults.known(f"tasks.{name}.kind", task.get("kind"), modules.names("tasks")):
        faults.check(_check_code, f"tasks.{name}.kind", "prepare", f"tms.tasks.{task['kind']}")
        if task["kind"] == RECORDS:
            faults.check(check_records.check_options, config, name, faults)
    if "judge" in task:
        faults.known(f"tasks.{name}.judge", task["judge"], config["judges"])
    faults.check(check_simulators.check_task, config, name, faults)
    if faults.known(f"tasks.{name}.grader", task.get("grader"), modules.names("graders")):
        faults.check(_check_code, f"tasks.{name}.grader", "grade", f"tms.graders.{task['grader']}")
        faults.check(check_graders.check_task, config, name, faults)
    if (limit := task.get("limit", 0)) > task["test"]:
        faults.append(
            f"config: tasks.{name}.limit: {limit} is more than the {task['test']} examples of "
            f"tasks.{name}.test; raise test or lower limit"
        )


def _check_code(key: str, program: str, module: str) -> None:
    """A module that a user may have written must be Python: the rules read it to learn what it imports."""
    try:
        digests(program, (module,))
    except InputError as error:
        raise InputError(f"config: {key}: {error}") from error


def _check_reasons(config: dict, part: str, faults: Faults) -> None:
    for task, pairs in config["contamination"][part].items():
        faults.known(f"contamination.{part}", task, config["tasks"])
        for benchmark, reason in pairs.items():
            if reason.isspace():
                faults.append(
                    f"config: contamination.{part}.{task}.{benchmark}: the reason is empty; say why"
                )
            faults.known(f"contamination.{part}.{task}", benchmark, config["tasks"])


def _check_pretraining(config: dict, name: str, faults: Faults) -> None:
    suite = config["pretrain"][name]["suite"]
    check_known(f"pretrain.{name}.suite", suite, config["suites"])
    made_by = pretrained.pretraining(config, name)
    for key in pretrained.PLAIN_ONLY if made_by is not pretrained.PLAIN else ():
        if key in config["pretrain"][name]:
            faults.append(f"config: pretrain.{name}.{key}: {made_by.does} has none; remove it")
    for task in Suite(**config["suites"][suite]).benchmarks:
        if task in config["tasks"] and config["tasks"][task]["kind"] not in made_by.taught:
            faults.append(
                f"config: suites.{suite}: pretrain.{name} cannot teach {task} (it knows "
                f"{', '.join(made_by.taught)}); put it into another suite"
            )


def _check_model(config: dict, name: str, faults: Faults) -> None:
    model = config["models"][name]
    faults.known(f"models.{name}.teacher", model["teacher"], config["teachers"])
    faults.known(f"models.{name}.suite", model["suite"], config["suites"])
    for method in model.get("methods", {}):
        faults.known(f"models.{name}.methods", method, config["methods"])


def _check_student(config: dict, method: str, faults: Faults) -> None:
    # A round of iterative SFT harvests the student before it.
    iterative = study.kind_of(config, method).iterative
    known = study.trajectories(config) + (study.students(config) if iterative else [])
    for model in config["models"]:
        tms = study.section(config, "tms", model, method)
        faults.known(f"tms.trajectory of methods.{method}", tms["trajectory"], known)
        faults.known(f"tms.loss of methods.{method}", tms["loss"], losses_by_name.names())


def _check_suite(config: dict, name: str, faults: Faults) -> None:
    targets = check_targets(config, name, faults)
    entry = config["suites"][name] | {"targets": targets}
    for group in PARTS[1:]:
        for task in entry.get(group, []):
            faults.known(f"suites.{name}.{group}", task, own_tasks(config))
    for view, target in entry.get("views", {}).items():
        faults.known(f"suites.{name}.views.{view}", target, targets)
    for task in targets:
        for split in ("train", "heldout"):
            if split not in config["tasks"].get(task, ("train", "heldout")):
                faults.append(f"config: tasks.{task}.{split} is missing; suites.{name} names it as a target")
    groups: dict[str, str] = {}
    for group in PARTS:
        for task in entry.get(group, []):
            if groups.get(task) == group:  # a benchmark's column can come from the runs on one target alone
                faults.append(
                    f"config: suites.{name}.{group}: {task} is in two of them; keep one, or give the other a "
                    f"suite of its own"
                )
            elif task in groups:
                faults.append(
                    f"config: suites.{name}: {task} stands under {groups[task]} and under {group}; keep one"
                )
            groups[task] = group
    trained = [*each(targets), *entry.get("views", {})]
    faults.check(check_graders.check_targets, config, name, trained, faults)
    faults.check(check_pilots.check, config, name, [*each(targets)], faults)


def _check_run(config: dict, model: str, method: str) -> list[str]:
    """Check one method on one model: batches, supervision, and T against the steps that a run can have."""
    check_points.check(
        config, model, method, study.own_points(config, model, method), "training.checkpoints", method
    )
    check_lora.check(config, model, method)
    check_vision.check(config, model, method)
    if method in study.on_policy(config):
        check_on_policy.check(config, model, method)
        return []
    for task in study.suite(config, model).targets:
        training = study.section(config, "training", model, method, task)
        devices = max(study.gpus(config, model, "train"), 1)
        batch, device_batch = training["effective_batch"], training["device_batch"]
        if batch % (device_batch * devices):
            raise InputError(
                f"config: training.effective_batch of models.{model}, methods.{method}, tasks.{task}: "
                f"{batch} is no multiple of device_batch {device_batch} x {devices} GPUs = "
                f"{device_batch * devices}; lower device_batch or models.{model}.gpus.train to a divisor"
            )
    if method in study.trajectories(config):
        return []
    points = mixture_weights(config, model, method).points
    tms = study.section(config, "tms", model, method)
    if not study.kind_of(config, method).mixes:
        return []
    key = "tms.num_checkpoints" if tms["points"] is None else "tms.points"
    check_points.check(config, model, tms["trajectory"], points, key, method)
    return check_points.crowded(config, model, tms["trajectory"], points, method)
