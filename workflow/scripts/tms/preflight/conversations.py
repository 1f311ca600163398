"""Chat templates of model folders, against the conversations in the user's own files."""

from functools import cache
from pathlib import Path

from tms.config import tasks
from tms.config.suite import tasks_of
from tms.data.records.read import inspect
from tms.generation.chat import ChatFormat
from tms.io.errors import InputError
from tms.planned_jobs.jobs import Job, examples_of
from tms.preflight.model_folders import folders_of

JUDGE = "judge"  # reads a conversation as the text of one prompt


def faults(jobs: list[Job], config: dict) -> list[str]:
    """A line for each folder whose template loses messages of the conversations that it will meet.

    A student's base would else be tried when it is trained, after the teacher has answered everything.

    Args:
        jobs: to run.
        config: the whole configuration.
    """
    orders_of = cache(lambda task: _orders(config, task))
    lines = []
    for folder, reading in folders_of(jobs).items():
        met = {task for job in reading if job.rule != JUDGE for task in _tasks(job)} & config["tasks"].keys()
        orders = sorted({roles for task in met for roles in orders_of(task)})
        try:
            chat = ChatFormat(Path(folder)) if orders else None
        except InputError:
            continue  # `model_folders` says why
        try:
            for roles in orders:
                chat.check_roles(roles)
        except InputError as error:
            lines.append(str(error))
    return lines


def _tasks(job: Job) -> list[str]:
    """The tasks whose rows a job reads."""
    named = [task for target in filter(None, [job.wildcards.get("task")]) for task in tasks_of(target)]
    return [*named, *(task for task, _ in examples_of(job))]


def _orders(config: dict, task: str) -> tuple[tuple[str, ...], ...]:
    """Orders of roles in the files of a task; none where they are faulty, which `prepare` tells."""
    options = config["tasks"][task].get("options", {})
    if tasks.kind(config, task) != tasks.RECORDS or "files" not in options:
        return ()
    return inspect(**options).orders
