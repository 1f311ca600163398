"""Checks of what a task's grader can do: score a completion by itself, and tell right from wrong."""

from collections.abc import Collection, Sequence

from tms.config import study, tasks
from tms.config.faults import Faults

CORRECT = "correct"  # value of harvest.keep


def check_task(config: dict, name: str, faults: Faults) -> None:
    """Check that a task's grader finds what it reads: a judge's output, or choices to compare."""
    task = config["tasks"][name]
    grader = task["grader"]
    if ("judge" in task) != (grader in tasks.JUDGED):
        needs = "needs a judge; name an entry of judges" if "judge" not in task else "has no use for a judge"
        faults.append(f"config: tasks.{name}.judge: grader {grader} {needs}")
    elif "judge" in task:
        kind = study.value_at(config, ["judges", task["judge"], "kind"])
        reader = next((reader for reader, read in tasks.JUDGED.items() if read == kind), "judge")
        if isinstance(kind, str) and reader != grader:
            faults.append(
                f"config: tasks.{name}.judge: {task['judge']} is of kind {kind}, which grader {grader} "
                f"cannot read; grader {reader} reads it"
            )
    if task.get("scoring") == tasks.LIKELIHOOD and grader != "choice":
        faults.append(
            f"config: tasks.{name}.scoring: likelihood compares the choices of a question, and grader "
            f"{grader} has none; use grader choice, or scoring: generate"
        )
    if task.get("scoring") == tasks.LIKELIHOOD and task.get("kind") in tasks.IMAGES:
        faults.append(
            f"config: tasks.{name}.scoring: likelihood asks in plain text, without the images that rows of "
            f"kind {task['kind']} have; use scoring: generate"
        )


def check_targets(config: dict, suite: str, trained: Sequence[str], faults: Faults) -> None:
    """Check that no task on which a suite trains its models, in the chat format, is asked in plain text."""
    for task in tasks.by_likelihood(config, trained):
        faults.append(
            f"config: tasks.{task}.scoring: suites.{suite} trains on it in the chat format, likelihood asks "
            f"in plain text; use scoring: generate, and another task under retention or reported"
        )


def check_methods(config: dict, model: str, methods: Collection[str], faults: Faults) -> None:
    """Check the methods of a model that are asked for against the graders of its targets."""
    targets = study.suite(config, model).target_tasks
    learning = [
        method
        for method in methods
        if method in study.on_policy(config) and study.kind_of(config, method).rewarded
    ]
    if (without := [task for task in targets if not tasks.rewards(config, task)]) and learning:
        faults.append(
            f"config: models.{model}: {', '.join(learning)} learn from a grader's scores of the policy's own "
            f"samples, and {_graders(config, without)} gives none; name a grader that reads completions, or "
            f"take these methods out of the model's experiments"
        )
    keeping = [
        method
        for method in methods
        if method in study.students(config)
        and study.section(config, "harvest", model, method)["keep"] == CORRECT
    ]
    if (without := [task for task in targets if not tasks.verifies(config, task)]) and keeping:
        faults.append(
            f"config: harvest.keep of {', '.join(keeping)}, models.{model}: correct keeps what the grader "
            f"accepts, and {_graders(config, without)} does not tell right from wrong; write keep: all"
        )


def _graders(config: dict, names: list[str]) -> str:
    return ", ".join(f"grader {tasks.grader(config, name)} of tasks.{name}" for name in names)
