"""Checks of the experiments of a configuration: their methods, and what models ask of them."""

from collections.abc import Callable

from tms.answers.grade import NONE
from tms.config import study, units
from tms.config.faults import Faults
from tms.config.method_kinds import KINDS, SAMPLES, WEIGHTS, MethodKind
from tms.config.names import name_fault
from tms.config.tasks import JUDGED, grader
from tms.mixture.checkpoints import BASE, FINAL

SWEEPS = ("windows", "checkpoints")  # experiments of TMS alone
OF_SCORES = ("windows", "frontier")  # experiments about target scores and forgetting
OF_ROWS = ("alpha", "mismatch")  # experiments that vary, or lengthen, a run over rows


# Sections that a kind does not read, by what it trains on; the others read no `on_policy`.
UNREAD = {
    SAMPLES: ("tms", "harvest", "replay"),
    WEIGHTS: ("training", "tms", "harvest", "on_policy", "replay"),
}


def check(config: dict, faults: Faults) -> None:
    """Check `experiments`, `diagnose`, `units`, and the methods and models that they are about."""
    for name in config["methods"]:
        faults.check(_check_method, config, name, faults)
    for name, entry in config["experiments"].items():
        for method in study.methods_of(entry):
            faults.known(f"experiments.{name}", method, config["methods"])
    if "frontier" in config["experiments"]:
        faults.check(_check_sides, config, faults)
    faults.check(_check_kinds, config, faults)
    for model in config["models"]:
        faults.check(_check_model, config, model, faults)
    faults.check(units.check, config, faults)


def _check_method(config: dict, name: str, faults: Faults) -> None:
    entry = config["methods"][name]
    if ("iterations" in entry) != KINDS[entry["kind"]].iterative:
        faults.append(
            f"config: methods.{name}.iterations: kind {_listed(lambda kind: kind.iterative)} needs it, "
            f"and no other kind has it"
        )
    trains_on = KINDS[entry["kind"]].trains_on
    if ("average" in entry) != (trains_on == WEIGHTS):
        faults.append(
            f"config: methods.{name}.average: kind {_listed(lambda kind: kind.trains_on == WEIGHTS)} needs "
            f"it, e.g. {{of: sft, share: 0.5}}, and no other kind has it"
        )
    elif trains_on == WEIGHTS:
        trains = [method for method in config["methods"] if method not in study.averages(config)]
        faults.known(f"methods.{name}.average.of", entry["average"]["of"], trains)
        points = entry["average"].get("points", [FINAL])
        if BASE in points:
            faults.append(
                f"config: methods.{name}.average.points: theta_0 (0of1) has a share anyway; remove it"
            )
        if entry["average"]["share"] == 1 and len(points) == 1:
            faults.append(
                f"config: methods.{name}.average.share: 1 of one checkpoint is that checkpoint; give less, "
                f"or several `points`"
            )
    for section in UNREAD.get(trains_on, ("on_policy",)):
        if section in entry:
            faults.append(
                f"config: methods.{name}.{section}: kind {entry['kind']} reads no such section; remove it"
            )


def _check_kinds(config: dict, faults: Faults) -> None:
    """Check what an experiment's methods are."""
    for name in SWEEPS:
        for method in config["experiments"].get(name, []):
            if not study.kind_of(config, method).mixes:
                kind, mixing = config["methods"][method]["kind"], _listed(lambda kind: kind.mixes)
                faults.append(
                    f"config: experiments.{name}: {method} is of kind {kind}; name methods of kind {mixing}"
                )
    for name in OF_ROWS:
        for method in config["experiments"].get(name, []):
            if not study.kind_of(config, method).on_rows:
                kind = config["methods"][method]["kind"]
                faults.append(
                    f"config: experiments.{name}: {method} is of kind {kind}; name methods that train on rows"
                )
    for method in config["experiments"].get("mismatch", []):
        for name, entry in config["experiments"].items():
            if name != "mismatch" and method in study.methods_of(entry):
                faults.append(
                    f"config: experiments.mismatch: {method} is in experiments.{name} too, where runs have "
                    f"another length; give the long runs methods of their own"
                )


def _listed(chosen: Callable[[MethodKind], bool]) -> str:
    """Names of the kinds that a test chooses."""
    return " or ".join(name for name, kind in KINDS.items() if chosen(kind))


def _check_model(config: dict, model: str, faults: Faults) -> None:
    for experiment in config["models"][model].get("experiments", []):
        faults.known(f"models.{model}.experiments", experiment, config["experiments"])
    for method in config["models"][model].get("methods", {}):
        if method in study.averages(config):
            faults.append(
                f"config: models.{model}.methods.{method}: an average has no settings of its own but "
                f"methods.{method}.average; remove it"
            )
    chosen = study.experiments(config, model)
    if "main" not in chosen:
        faults.append(f"config: models.{model}.experiments: main is missing; every report has it")
    for method in study.model_methods(config, model):
        for point in study.own_points(config, model, method):
            if point in (BASE, FINAL):
                faults.append(
                    f"config: training.checkpoints of methods.{method}: {point} is evaluated anyway; "
                    f"name points between"
                )
    _check_scores(config, model, faults)
    if "mismatch" in chosen:
        task = study.diagnose(config, model, "mismatch")["task"]
        faults.known(f"diagnose.mismatch.task of models.{model}", task, study.suite(config, model).targets)
        for method in chosen["mismatch"]:
            if not study.own_points(config, model, method):
                faults.append(
                    f"config: experiments.mismatch: {method} has no training.checkpoints; name the points at "
                    f"which it is measured"
                )
    if "diversity" in chosen:
        for task in study.suite(config, model).target_tasks:
            if grader(config, task) in JUDGED:
                faults.append(
                    f"config: models.{model}.experiments: diversity grades many samples of a prompt, and "
                    f"tasks.{task} has grader {grader(config, task)}, whose judge reads none of them; take "
                    f"diversity out, or name another grader"
                )
    diversity = study.diagnose(config, model, "diversity")
    if diversity["k"] > diversity["samples"]:
        faults.append(
            f"config: diagnose.diversity of models.{model}: k {diversity['k']} is more than the "
            f"{diversity['samples']} samples; raise samples or lower k"
        )
    if "frontier" in chosen:
        check_frontier(config, model, faults)


def _check_scores(config: dict, model: str, faults: Faults) -> None:
    """Some experiments are about scores, which a suite need not have."""
    chosen, suite = study.experiments(config, model), study.suite(config, model)
    unscored = [name for name in suite.target_tasks if name in suite.unscored]
    for name in chosen:
        if name in (*OF_SCORES, "diversity") and unscored:
            faults.append(
                f"config: models.{model}.experiments: {name} needs the score of each target, and "
                f"{', '.join(unscored)} has grader {NONE}; take {name} out, or name another grader"
            )
        elif name in OF_SCORES and not suite.scored.retention:
            faults.append(
                f"config: models.{model}.experiments: {name} is about forgetting, and no retention benchmark "
                f"of its suite has a score; take {name} out, or add one"
            )


def _check_sides(config: dict, faults: Faults) -> None:
    """Check the names of the frontier's sides, and that each method is on one side."""
    sides = study.sides(config)
    for side in sides:
        fault = name_fault("experiments.frontier", side)
        if fault or side == "windows":  # whose cells stand beside those of the sides
            faults.append(fault or "config: experiments.frontier.windows: choose another name for this side")
    for method in study.methods_of(sides):
        if len(places := [side for side, methods in sides.items() if method in methods]) > 1:
            faults.append(
                f"config: experiments.frontier: {method} is on the sides {' and '.join(places)}; keep one"
            )


def check_frontier(config: dict, model: str, faults: Faults) -> None:
    """All sides of the frontier need as many points, else a larger one has more chances.

    An average of a run's end is one point: its shares are to a run's side what checkpoints are to the run.
    """
    points = study.side_points(config, model)
    if len(points) < 2:
        faults.append("config: experiments.frontier: name two sides or more, e.g. {sft: [...], tms: [...]}")
    elif len(set(points.values())) > 1:
        counts = ", ".join(f"{side} {number}" for side, number in points.items())
        faults.append(
            f"config: experiments.frontier: points of its sides (an end and `training.checkpoints` for each "
            f"method): {counts}; give all sides as many"
        )
    elif 1 in points.values():
        faults.append(
            "config: experiments.frontier: a side of one point is not tuned; add methods with other learning "
            "rates to each, or give them `training.checkpoints`"
        )
