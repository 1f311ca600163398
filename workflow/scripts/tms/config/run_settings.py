"""The settings that hold for a run, and the place of the configuration that each comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tms.config import method_kinds, study
from tms.config.run_folder import Run
from tms.config.suite import tasks_of
from tms.io.errors import InputError
from tms.training import losses_by_name

# Sections that every run reads and no model, task or method overrides.
GENERAL = ("compute", "data", "evaluation")
SECTIONS = ("training", "tms", "harvest", "on_policy", "replay", "drift", "diagnose")


@dataclass(frozen=True)
class Setting:
    """A value, and the path of keys that set it."""

    name: str
    value: object
    path: tuple[str, ...]

    @property
    def place(self) -> str:
        """The entry or section that holds the key, e.g. `models.tiny.training`."""
        return ".".join(self.path[:-1]) or "general"


def check_run(config: dict, run: Run) -> None:
    """Refuse a run on a task that its model is not trained on.

    Raises:
        InputError: the task is no target of the model's suite.
    """
    targets = study.suite(config, run.model).targets
    if run.task not in targets:
        raise InputError(
            f"--run {run.folder}: {run.task} is no target of models.{run.model}; it has {', '.join(targets)}"
        )


def run_settings(config: dict, run: Run) -> list[Setting]:
    """The settings that hold for a run, without those that its method does not read."""
    entry = config["models"][run.model]
    entries = {
        "model": ("models", run.model),
        "teacher": ("teachers", entry["teacher"]),
        "suite": ("suites", entry["suite"]),
        **{"task" if name == run.task else f"task.{name}": ("tasks", name) for name in tasks_of(run.task)},
        "method": ("methods", run.method),
    }
    listed = run.seed in entry["seeds"]  # another seed can be asked for by name
    settings = [Setting("seed", run.seed, ("models", run.model, "seeds") if listed else ("--run", "seed"))]
    engine = ("models", run.model, "engine") if "engine" in entry else ("engine",)
    settings.append(Setting("engine", study.value_at(config, engine), engine))
    for name, path in entries.items():
        values = study.value_at(config, path)
        settings += [
            Setting(f"{name}.{key}", value, (*path, key))
            for key, value in values.items()
            if key not in (*SECTIONS, "methods", "experiments", "engine")
        ]
    for name in GENERAL:
        settings += [Setting(f"{name}.{key}", value, (name, key)) for key, value in config[name].items()]
    sections, trained = ["training"], study.trained(config, run.method)
    if trained in study.on_policy(config):
        sections.append("on_policy")
    if trained in study.students(config):
        sections += ["tms", "harvest"]
    if study.replay(config, run.model, trained):
        sections.append("replay")
    for name in sections:
        settings += _merged(name, study.layers(config, name, run.model, run.method, run.task))
    settings += _merged("drift", study.drift_layers(config, run.model))
    for name in config["diagnose"]:
        if run.method in study.methods_of(config["experiments"].get(name, [])):
            settings += _merged(f"diagnose.{name}", study.diagnose_layers(config, run.model, name))
    unread = _unread(config, run)
    return [setting for setting in settings if setting.name not in unread]


def _merged(name: str, layers: list[study.Layer]) -> list[Setting]:
    """Each key of a section with the last layer that sets it."""
    last = {}
    for path, values in layers:
        last |= {key: Setting(f"{name}.{key}", value, (*path, key)) for key, value in values.items()}
    return list(last.values())


def _unread(config: dict, run: Run) -> set[str]:
    """Settings of the sections of a run that its kind of method does not read."""
    trained = study.trained(config, run.method)
    kind = study.kind_of(config, trained)
    unread = set()
    if kind.trains_on == method_kinds.SAMPLES:
        keys = {key for other in method_kinds.KINDS.values() for key in other.keys} - {*kind.keys}
        keys |= {"samples"} if kind.rollouts else set()
        keys |= set() if kind.rewarded else {"equal_steps"}
        unread |= {"training.learning_rate", *(f"on_policy.{key}" for key in keys)}
        of_loss = kind.training_keys
    else:
        of_loss = losses_by_name.load(study.loss(config, run.model, trained)).KEYS
    unread |= {f"training.{key}" for key in losses_by_name.all_keys() if key not in of_loss}
    if kind.point is not None:
        unread |= {f"tms.{key}" for key in ("num_checkpoints", "alpha", "window", "weights", "points")}
        unread.add("harvest.samples")
    return unread


def file_of(setting: Setting, contents: Mapping[Path, dict]) -> str:
    """The last file that sets a value; empty where none does, as for the rounds of iterative SFT.

    Args:
        setting: of a run.
        contents: of the configuration's files, in the order in which they are laid over each other.
    """
    *outer, key = setting.path
    files = [path for path, values in contents.items() if key in (study.value_at(values, outer) or {})]
    return str(files[-1]) if files else ""
