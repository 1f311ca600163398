"""The tasks of the configuration: their kinds, their graders, and the files that both need."""

import math
from collections.abc import Sequence

from tms.answers.grade import NONE
from tms.config import paths
from tms.config.suite import tasks_of
from tms.io.code_digest import digests
from tms.tool_use import episode_length

LIKELIHOOD = "likelihood"  # `scoring` of a task; else its completions are generated
# Graders that read a judge's output, not a completion: the kinds of judge that they read; None: all others.
JUDGED = {"judge": None, "wildguard": "wildguard", "toolalpaca_judge": "toolalpaca"}
# Graders that measure how close a text is to the gold answers, or how many people gave it: one that is not
# close may be as right.
CLOSENESS = ("f1", "rouge", "vqa", "anls")

# Instructions of ToolAlpaca's evaluation files whose golden calls cannot be read, and all (docs/data.md).
UNREAD = {"simulated": (32, 100), "real": (10, 114)}
IMAGES = {"textvqa", "docvqa", "read_words"}  # kinds whose rows have images
# Kinds whose rows have tools, and the limits of a row where `options` say nothing else (`longest_row`).
TOOLS = {"calculate": {"calls": 2}, "toolalpaca": {"calls": 8, "tokens": 5120}}
# Kinds whose rows have a documentation of their tools, which a judge reads, and its most characters.
DOCUMENTED = {"toolalpaca": 20_000}
PILOTS = {"images": IMAGES, "tools": set(TOOLS)}  # value of a suite's `pilot`: kinds of its targets
RECORDS = "records"  # the kind whose rows are files of the user's own


def kind(config: dict, task: str) -> str:
    """Kind of a task: its module in `tms/tasks`."""
    return config["tasks"][task]["kind"]


def has_images(config: dict, task: str) -> bool:
    """Whether a task's rows have images."""
    return kind(config, task) in IMAGES


def has_tools(config: dict, target: str) -> bool:
    """Whether rows of a task, or of a task of a joint target, have tools."""
    return any(kind(config, task) in TOOLS for task in tasks_of(target))


def grader(config: dict, task: str) -> str:
    """Grader of a task: its module in `tms/graders`."""
    return config["tasks"][task]["grader"]


def is_simulated(config: dict, task: str) -> bool:
    """Whether a model answers the calls of a task's rows."""
    simulated = config["tasks"][task].get("options", {}).get("environment") == "simulated"
    return simulated and kind(config, task) == "toolalpaca"


def simulator(config: dict, targets: Sequence[str]) -> str | None:
    """The entry of `simulators` that answers the calls of rows of these tasks, or of those of joint targets;
    a suite has one (`check_simulators`)."""
    return next((name for task in each(targets) if (name := config["tasks"][task].get("simulator"))), None)


def by_likelihood(config: dict, tasks: Sequence[str]) -> list[str]:
    """Those of the tasks that are scored by the likelihood of their choices."""
    return [task for task in tasks if config["tasks"][task].get("scoring") == LIKELIHOOD]


def generated(config: dict, tasks: Sequence[str]) -> list[str]:
    """Those of the tasks whose completions are generated and graded."""
    return [task for task in tasks if config["tasks"][task].get("scoring") != LIKELIHOOD]


def rewards(config: dict, task: str) -> bool:
    """Whether a task's grader scores a completion by itself, so that it can be a reward."""
    return grader(config, task) not in (NONE, *JUDGED)


def verifies(config: dict, task: str) -> bool:
    """Whether a task's grader tells right completions from wrong ones by itself."""
    return rewards(config, task) and grader(config, task) not in CLOSENESS


def task_modules(config: dict, task: str) -> tuple[str, ...]:
    """Module that makes a task's examples, for the code digest."""
    return (f"tms.tasks.{kind(config, task)}",)


def each(targets: Sequence[str]) -> list[str]:
    """The tasks of some targets; a task is a target of itself."""
    return [task for target in targets for task in tasks_of(target)]


def of_target(config: dict, target: str, key: str) -> str | int | list[str]:
    """A key of a target's task, for a flag; of a joint target `TASK=VALUE` of each of its tasks."""
    tasks = tasks_of(target)
    return config["tasks"][target][key] if len(tasks) == 1 else values(config, tasks, key)


def grader_modules(config: dict, tasks: Sequence[str]) -> tuple[str, ...]:
    """Modules of the graders of these tasks, or of those of joint targets, for the code digest."""
    return tuple(f"tms.graders.{name}" for name in sorted({grader(config, task) for task in each(tasks)}))


def punkt(config: dict, tasks: Sequence[str]) -> list[str]:
    """The sentence splitter, where a grader of these tasks, or of those of joint targets, needs it."""
    names = [task for task in each(tasks) if grader(config, task) == "ifeval"]
    return [paths.PUNKT] if set(names) - set(without_sentences(config, names)) else []


def without_sentences(config: dict, tasks: Sequence[str]) -> list[str]:
    """Those of the tasks that leave out the rows for which the sentence splitter is needed."""
    return [
        task
        for task in tasks
        if kind(config, task) == "ifeval"
        and config["tasks"][task].get("options", {}).get("sentences") is False
    ]


def note(config: dict, tasks: Sequence[str]) -> str:
    """Sentences on what the tasks leave out; "" where that is nothing."""
    notes = [
        f"{task} is without the prompts that need the sentence splitter (64 of IFEval's 541)."
        for task in without_sentences(config, tasks)
    ]
    for task in tasks:
        if name := config["tasks"][task].get("simulator"):
            notes.append(f"Calls of {task} are answered by a model (simulators.{name}).")
        options = config["tasks"][task].get("options", {})
        if kind(config, task) == "toolalpaca" and options.get("malformed") != "keep":
            left_out, total = UNREAD[options.get("apis", "simulated")]
            notes.append(
                f"{task} is without the instructions whose golden calls cannot be read "
                f"({left_out} of the file's {total})."
            )
    return " ".join(notes)


def data_root(config: dict, task: str) -> str | None:
    """Folder of local benchmark copies, for kinds that read such files: those that import `tms.data.hub`.

    Records of files of the user's own need none.
    """
    if kind(config, task) == RECORDS and "hub" not in config["tasks"][task].get("options", {}):
        return None
    closure = digests("prepare", task_modules(config, task))
    return config["data"]["root"] if any(name.startswith("tms/data/hub.py:") for name in closure) else None


def image_files(config: dict, targets: Sequence[str], *splits: str) -> list[str]:
    """Prepared splits of those of the tasks, or of the tasks of joint targets, whose rows have images."""
    return paths.prepared_files([task for task in each(targets) if has_images(config, task)], splits)


def limit(config: dict, task: str) -> int:
    """Number of a task's test examples that an evaluation uses; all of them where it does not say."""
    entry = config["tasks"][task]
    return entry.get("limit", entry["test"])


def longest_row(config: dict, target: str, prompt: int, most: float = math.inf) -> int:
    """Most tokens of a row of a task, or of the tasks of a joint target: with tools of all turns.

    Args:
        config: the whole configuration.
        target: name of the task.
        prompt: tokens of the prompt.
        most: tokens that the model writes at once, where they are fewer than the task's.
    """
    longest = 0
    for task in tasks_of(target):
        entry = config["tasks"][task]
        limits, options = TOOLS.get(entry["kind"], {}), entry.get("options", {})
        # `prepare` names an option of another type.
        chosen = {name: options[name] for name in limits if isinstance(options.get(name), int)}
        turn = min(entry["max_new_tokens"], most)
        longest = max(longest, episode_length.longest_row(prompt, turn, **limits | chosen))
    return longest


def values(config: dict, tasks: Sequence[str], key: str) -> list[str]:
    """`TASK=VALUE` of a key of each task, for a flag."""
    return [f"{task}={config['tasks'][task][key]}" for task in tasks]
