"""The configuration: which settings hold for a run. (`tms.config.check` says what is wrong with it.)"""

from collections.abc import Iterable, Sequence

from tms.answers.grade import NONE
from tms.config import method_kinds
from tms.config.experiment_groups import POINTS_OF
from tms.config.iterations import with_rounds
from tms.config.joint_targets import with_joint_targets
from tms.config.method_kinds import KINDS, MIXTURE, REFERENCES, SAMPLES, WEIGHTS, MethodKind
from tms.config.suite import Suite
from tms.mixture.checkpoints import FINAL, parse_point
from tms.mixture.replay import GENERAL
from tms.training import losses_by_name

Layer = tuple[tuple[str, ...], dict]  # a path of keys, and the values there


def expanded(config: dict) -> dict:
    """The configuration with its joint targets, and a method for each further round of iterative SFT."""
    return with_rounds(with_joint_targets(config))


def section(config: dict, name: str, model: str, method: str, task: str | None = None) -> dict:
    """Settings of a section (`training`, `tms`, `harvest`, `replay` or `on_policy`) for a run.

    The general values are overridden by the model's, then the task's, then the method's, then those of the
    method in the model's entry. An average has those of the run whose weights it takes (`trained`).
    """
    return merge(layers(config, name, model, method, task))


def layers(config: dict, name: str, model: str, method: str, task: str | None = None) -> list[Layer]:
    """The places of the configuration that set a section for a run, in the order in which they are merged."""
    method = trained(config, method)
    places = [(), ("models", model), ("tasks", task), ("methods", method)]
    places.append(("models", model, "methods", method))
    return layers_at(config, [(*place, name) for place in places])


def layers_at(config: dict, paths: list[tuple]) -> list[Layer]:
    """The values at paths of keys, of those that are there."""
    return [(path, values) for path in paths if (values := value_at(config, path))]


def merge(layers: list[Layer]) -> dict:
    """The values of layers; the last one that has a key wins."""
    merged: dict = {}
    for _, values in layers:
        merged |= values
    return merged


def value_at(config: object, path: Sequence[str | None]) -> object:
    """The value at a path of keys; None where there is none."""
    for key in path:
        config = config.get(key) if isinstance(config, dict) else None
    return config


def experiments(config: dict, model: str) -> dict[str, list[str]]:
    """The experiments that a model's report has (`main` where its entry names none), with their methods."""
    names = config["models"][model].get("experiments", ["main"])
    return {name: taken(config, model, methods_of(config["experiments"][name])) for name in names}


def taken(config: dict, model: str, methods: Sequence[str]) -> list[str]:
    """The methods that take a model's targets: where these have tools, some do not."""
    place = ["suites", value_at(config, ["models", model, "suite"]), "pilot"]
    tools = value_at(config, place) == "tools"
    return [name for name in methods if not tools or kind_of(config, name).tools]


def methods_of(entry: list[str] | dict[str, list[str]]) -> list[str]:
    """The methods of an entry of `experiments`; the frontier's stand under its sides."""
    if isinstance(entry, dict):
        return list(dict.fromkeys(method for side in entry.values() for method in side))
    return entry


def sides(config: dict, model: str | None = None) -> dict[str, list[str]]:
    """The sides of the experiment `frontier`, each with its methods; an empty one is left out.

    Args:
        config: the whole configuration.
        model: of whose methods those that take its targets; None: all methods.
    """
    entries = config["experiments"]["frontier"].items()
    found = {side: taken(config, model, methods) if model else methods for side, methods in entries}
    return {side: methods for side, methods in found.items() if methods}


def model_methods(config: dict, model: str) -> list[str]:
    """Methods of a model: of its experiments, what these harvest or average, and those that no experiment
    names."""
    named = {method for entry in config["experiments"].values() for method in methods_of(entry)}
    used = {method for entry in experiments(config, model).values() for method in entry}
    used |= {method for method in config["methods"] if method not in named}
    return with_trajectories(config, model, used)


def with_trajectories(config: dict, model: str, methods: Iterable[str]) -> list[str]:
    """Methods of a model, and those whose checkpoints they harvest or average, in the order of the
    configuration."""
    used, before = set(methods), None
    while before != used:
        before = set(used)
        used |= {trained(config, method) for method in used}
        used |= {
            section(config, "tms", model, method)["trajectory"]
            for method in used
            if method in students(config)
        }
    return [method for method in config["methods"] if method in used]


def named_methods(config: dict, model: str) -> list[str]:
    """Methods of a model's experiments and what these harvest or average."""
    named = {method for entry in experiments(config, model).values() for method in entry}
    return with_trajectories(config, model, named)


def table_methods(config: dict, model: str) -> list[str]:
    """Rows of a model's table: its methods of the experiment `main`, in that one's order."""
    return taken(config, model, config["experiments"]["main"])


def diagnose(config: dict, model: str, name: str) -> dict:
    """Settings of a diagnosis; a model's own come before the general ones."""
    return merge(diagnose_layers(config, model, name))


def diagnose_layers(config: dict, model: str, name: str) -> list[Layer]:
    """The places of the configuration that set a diagnosis for a model, as `layers` of a section."""
    return layers_at(config, [("diagnose", name), ("models", model, "diagnose", name)])


def drift(config: dict, model: str) -> dict:
    """Prompts and samples on which KL to the base is measured; a model's own values come first."""
    return merge(drift_layers(config, model))


def drift_layers(config: dict, model: str) -> list[Layer]:
    """The places of the configuration that set it for a model, as `layers` of a section."""
    return layers_at(config, [("drift",), ("models", model, "drift")])


def replay(config: dict, model: str, method: str) -> dict | None:
    """The section `replay` of a method whose visits are partly general prompts; None of another."""
    entries = [("methods", method, "replay"), ("models", model, "methods", method, "replay")]
    kind = kind_of(config, method)
    replays = kind.replays or any(value_at(config, path) is not None for path in entries)
    if kind.on_rows and "kl_prompts" in losses_by_name.load(loss(config, model, method)).KEYS:
        replays |= section(config, "training", model, method).get("kl_prompts") == GENERAL
    return section(config, "replay", model, method) if replays else None


def general_tasks(config: dict, model: str) -> list[str]:
    """The tasks of the general prompts that the methods of a model's experiments replay."""
    found = (replay(config, model, method) for method in named_methods(config, model))
    return list(dict.fromkeys(one["task"] for one in found if one and one["task"]))


def max_steps(config: dict, model: str, method: str) -> int | None:
    """Optimiser steps of a run of the long diagnosis (Table 1); None: `training.epochs` decide."""
    if method not in config["experiments"].get("mismatch", []):
        return None
    return diagnose(config, model, "mismatch")["max_steps"]


def own_points(config: dict, model: str, method: str) -> list[str]:
    """A run's own checkpoints before its end that are saved and evaluated too, in the order of the run.

    None of them (an empty list) where no experiment of the model looks at them, and of an average.
    """
    chosen = experiments(config, model)
    if trained(config, method) != method or not any(method in chosen.get(name, []) for name in POINTS_OF):
        return []
    return sorted(section(config, "training", model, method)["checkpoints"], key=parse_point)


def side_points(config: dict, model: str) -> dict[str, int]:
    """Points of each side of the frontier: the ends of its methods' runs, and their own checkpoints."""
    return {
        side: sum(1 + len(own_points(config, model, method)) for method in methods)
        for side, methods in sides(config, model).items()
    }


def kind_of(config: dict, method: str) -> MethodKind:
    """The kind of a method."""
    return KINDS[config["methods"][method]["kind"]]


def trained(config: dict, method: str) -> str:
    """The method whose training made a method's weights: of an average the one that it takes them from, of
    every other method itself."""
    of = value_at(config, ["methods", method, "average", "of"])
    return of if isinstance(of, str) else method


def averaged_points(config: dict, method: str) -> list[str]:
    """The checkpoints of a run whose weights an average takes; of several, their mean."""
    return config["methods"][method]["average"].get("points", [FINAL])


def rollouts(config: dict, model: str, method: str, task: str | None = None) -> int:
    """Completions that an on-policy method samples of each prompt that it visits."""
    return kind_of(config, method).rollouts or section(config, "on_policy", model, method, task)["samples"]


def loss(config: dict, model: str, method: str) -> str:
    """The loss on the targets of a method that trains on rows: a module of `tms/training/losses`."""
    kind = kind_of(config, method)
    return section(config, "tms", model, method)["loss"] if kind.trains_on == MIXTURE else kind.loss


def students(config: dict) -> list[str]:
    """Names of the methods that train a student on harvested completions."""
    return _that_train_on(config, MIXTURE)


def trajectories(config: dict) -> list[str]:
    """Names of the methods that train on the teacher's references alone."""
    return _that_train_on(config, REFERENCES)


def on_policy(config: dict) -> list[str]:
    """Names of the methods that train on completions which the policy itself samples as it learns."""
    return _that_train_on(config, SAMPLES)


def averages(config: dict) -> list[str]:
    """Names of the methods that average the base's weights with those of another method's runs."""
    return _that_train_on(config, WEIGHTS)


def _that_train_on(config: dict, trains_on: str) -> list[str]:
    kinds = method_kinds.names(trains_on)
    return [name for name, entry in config["methods"].items() if entry["kind"] in kinds]


def suite(config: dict, model: str) -> Suite:
    """The benchmarks of a model, by their part in its table."""
    return Suite(**suite_entry(config, model))


def suite_entry(config: dict, model: str) -> dict:
    """The entry of `suites` that a model names, with its benchmarks that have no score, if any."""
    entry = config["suites"][config["models"][model]["suite"]]
    names = Suite(**entry).benchmarks
    unscored = [name for name in names if value_at(config, ["tasks", name, "grader"]) == NONE]
    return entry | ({"unscored": unscored} if unscored else {})


def runs(config: dict, model: str) -> list[tuple[str, int]]:
    """The runs of each method of a model: (target task, seed)."""
    return [
        (task, seed) for task in suite(config, model).targets for seed in config["models"][model]["seeds"]
    ]


def benchmarks(config: dict, model: str) -> list[str]:
    """Every benchmark of a model's suite, targets first."""
    return suite(config, model).benchmarks


def hub_repo(config: dict, folder: str) -> str | None:
    """The hub's repository that a model folder is a download of; None for a folder of another origin."""
    downloads = {f"models/hub/{name}": entry["repo"] for name, entry in config["downloads"].items()}
    return downloads.get(folder)


def engine(config: dict, part: str, name: str) -> str:
    """The engine of a model, teacher or judge (`part`: models, teachers, judges)."""
    return config[part][name].get("engine", config["engine"])


def gpus(config: dict, model: str, use: str) -> int:
    """Cards of one job of a model; `use` is train or generate."""
    return config["models"][model].get("gpus", {}).get(use, 0)
