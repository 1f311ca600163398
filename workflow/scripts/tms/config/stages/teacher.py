"""The teacher's answers, sampled and verified: inputs and flags of their jobs."""

from tms.answers.grade import NONE
from tms.config import tasks
from tms.config.engines import engine_flags, simulator_flags, simulator_folder
from tms.config.flags import flags, labelled
from tms.config.suite import tasks_of


def model(config: dict, teacher: str) -> str | list:
    """The teacher's folder; none where the references are given: the data's own answers."""
    return config["teachers"][teacher].get("model", [])


def images(config: dict, task: str, teacher: str) -> list[str]:
    """Files of the images that a teacher reads; none where the references are given."""
    return tasks.image_files(config, [task], "train", "heldout") if model(config, teacher) else []


def simulator(config: dict, task: str, teacher: str) -> list[str]:
    """The folder of the model that answers a teacher's calls; none where no model does."""
    return simulator_folder(config, [task]) if model(config, teacher) else []


def sample_flags(config: dict, task: str, suite: str, teacher: str) -> str:
    """Decoding of the teacher, or `--given`."""
    entry = config["teachers"][teacher]
    given = {
        "task": task,
        "max_new_tokens": config["tasks"][task]["max_new_tokens"],
        **engine_flags(config, "teachers", teacher),
    }
    if "model" not in entry:
        return f"{flags(**given)} --given"
    given |= simulator_flags(config, [task])
    decoding = {name: entry[name] for name in ("model", "tries", "temperature", "top_p", "seed")}
    return flags(**given, **decoding, images=images(config, task, teacher) or None)


def filter_grader(config: dict, task: str, teacher: str) -> str:
    """The grader that verifies the references: the task's, or `none`, which takes them as they are.

    They are taken as they are where the task's grader cannot verify (`tasks.verifies`), and where given ones
    are not to be (`teachers.X.verify: false`).
    """
    asked = config["teachers"][teacher].get("verify", True)
    return tasks.grader(config, task) if asked and tasks.verifies(config, task) else NONE


def filter_flags(config: dict, task: str, teacher: str) -> str:
    """The grader that verifies the references, and whether these are given."""
    given = "model" not in config["teachers"][teacher]
    return flags(task=task, grader=filter_grader(config, task, teacher)) + (" --given" if given else "")


def joined_files(target: str, suite: str, rows: str) -> dict[str, str]:
    """The rows of each task of a joint target: task -> path; `rows` names the file without its ending."""
    return {task: f"data/{task}/{suite}/{rows}.parquet" for task in tasks_of(target)}


def join_flags(target: str, suite: str, rows: str) -> str:
    """Kind of a joint target's rows, and the file of each task's."""
    kind = "references" if rows.endswith("references") else "examples"
    return flags(rows=kind, tasks=labelled(joined_files(target, suite, rows)))
