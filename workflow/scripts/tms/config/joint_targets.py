"""Joint targets: several tasks on whose references together one model is trained."""

from tms.config.faults import Faults
from tms.config.names import LONGEST
from tms.config.suite import JOINT, tasks_of

SIZES = ("train", "heldout")  # keys of a task whose values add up
OF_RUNS = ("training", "on_policy")  # keys of a task that hold for the runs on it alone


def with_joint_targets(config: dict) -> dict:
    """The configuration in which each target `{mix: [a, b]}` of a suite is the target `a+b`, with an entry in
    `tasks`.

    A mix that cannot work is left as it is, for `check`.
    """
    tasks, suites = config.get("tasks"), config.get("suites")
    if not isinstance(tasks, dict) or not isinstance(suites, dict):
        return config
    joint: dict[str, dict] = {}
    named = {}
    for name, suite in suites.items():
        targets = suite.get("targets") if isinstance(suite, dict) else None
        if isinstance(targets, list):
            joint |= {
                JOINT.join(target["mix"]): _entry(tasks, target["mix"])
                for target in targets
                if _works(tasks, target)
            }
            targets = [JOINT.join(one["mix"]) if _works(tasks, one) else one for one in targets]
            suite = suite | {"targets": targets}
        named[name] = suite
    return config | {"suites": named, "tasks": tasks | joint}


def _works(tasks: dict, target: object) -> bool:
    """Whether a target is a mix of two tasks or more, each named once, that there are."""
    mixed = target.get("mix") if isinstance(target, dict) and len(target) == 1 else None
    return (
        isinstance(mixed, list)
        and all(isinstance(name, str) and JOINT not in name for name in mixed)
        and 1 < len(mixed) == len(set(mixed))
        and all(isinstance(tasks.get(name), dict) for name in mixed)
        and JOINT.join(mixed) not in tasks
    )


def _entry(tasks: dict, mixed: list[str]) -> dict:
    """A joint target's entry in `tasks`.

    `max_new_tokens` is the largest of its parts': stages that sample row by row take each row's own, those
    that take one number (training, rollouts) must hold the longest row.
    """
    of_parts = [tasks[name] for name in mixed]
    entry: dict = {"mix": mixed}
    for key, combined in (*((size, sum) for size in SIZES), ("max_new_tokens", max)):
        values = [of_part.get(key) for of_part in of_parts]
        if all(type(value) is int for value in values):
            entry[key] = combined(values)
    return entry


def joint_targets(config: dict) -> list[str]:
    """Names of the joint targets among the tasks: the entries that `with_joint_targets` has made."""
    tasks = config["tasks"]
    return [
        name
        for name, entry in tasks.items()
        if isinstance(name, str)
        and JOINT in name
        and all(isinstance(tasks.get(part), dict) for part in tasks_of(name))
        and entry == _entry(tasks, tasks_of(name))
    ]


def written(config: dict) -> dict:
    """The configuration without the entries that `with_joint_targets` has added to `tasks`."""
    if not isinstance(config.get("tasks"), dict):
        return config
    joint = joint_targets(config)
    return config | {"tasks": {name: entry for name, entry in config["tasks"].items() if name not in joint}}


def own_tasks(config: dict) -> list[str]:
    """Names of the tasks that have data of their own: all but the joint targets."""
    return list(written(config)["tasks"])


def check_targets(config: dict, suite: str, faults: Faults) -> list[str]:
    """Check how a suite's targets are written; returns the tasks behind those that are names."""
    key = f"suites.{suite}.targets"
    found = []
    for target in config["suites"][suite]["targets"]:
        if isinstance(target, str):
            if JOINT in target and target not in config["tasks"]:
                faults.append(f"config: {key}: unknown name {target!r}; write {_mix(tasks_of(target))}")
            elif faults.known(key, target, config["tasks"]):
                found += tasks_of(target)
                if len(target) > LONGEST:
                    faults.append(
                        f"config: {key}: {target} names a folder with more than {LONGEST} letters; mix "
                        f"fewer tasks, or give them shorter names"
                    )
            continue
        mixed = target["mix"]
        if not isinstance(mixed, list) or not all(isinstance(name, str) for name in mixed):
            continue  # the schema says so
        for name in mixed:
            faults.known(f"{key}.mix", name, config["tasks"])
        if twice := sorted({name for name in mixed if mixed.count(name) > 1}):
            faults.append(f"config: {key}: {_mix(mixed)} names {', '.join(twice)} twice; name each task once")
        elif len(mixed) < 2:
            faults.append(
                f"config: {key}: {_mix(mixed)} is no mix; name two tasks or more, or write one by itself"
            )
    return found


def unread(config: dict, suite: str) -> list[str]:
    """Warnings of settings that the tasks of joint targets have for runs of their own, a line each."""
    return [
        f"tasks.{task}.{key} holds for runs on {task} alone, not for those on {target}"
        for target in config["suites"][suite]["targets"]
        if JOINT in target
        for task in tasks_of(target)
        for key in OF_RUNS
        if config["tasks"][task].get(key)
    ]


def _mix(names: list[str]) -> str:
    return f"{{mix: [{', '.join(names)}]}}"
