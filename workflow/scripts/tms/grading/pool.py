"""Grade completions in a pool of processes, where a lost row costs itself and no more."""

from contextlib import closing, suppress
from functools import cache, partial
from types import ModuleType
from typing import NamedTuple

from tms.answers.grade import LOST, Grade
from tms.grading.rows import RowPool
from tms.grading.worker import Failure, Limits
from tms.io.errors import InputError
from tms.io.modules import load_module
from tms.io.progress import Progress


class Task(NamedTuple):
    """One completion to grade: the grader's name, the completion, and the gold answer."""

    grader: str
    completion: str
    answer: str


def load_grader(name: str) -> ModuleType:
    """Import the grader `tms/graders/{name}.py` (`METRIC`, `grade(completion, answer) -> Grade`).

    Raises:
        InputError: there is no such grader.
    """
    return load_module("graders", name)


@cache
def warmed(name: str) -> ModuleType:
    """A grader that has loaded all that it needs: it has graded its `PROBES` [(completion, answer)], if any.

    Raises:
        InputError: there is no such grader.
    """
    module = load_grader(name)
    for probe in getattr(module, "PROBES", []):
        with suppress(Exception):  # the row that needs what is missing says so
            module.grade(*probe)
    return module


def warm(graders: list[str]) -> None:
    """Load graders, so that no row pays for it."""
    for name in graders:
        warmed(name)


def grade_row(task: Task) -> Grade:
    """A completion's grade; its scores are floats.

    Raises:
        InputError: the grader gave something else.
    """
    grade = warmed(task.grader).grade(task.completion, task.answer)
    if not isinstance(grade, Grade):
        raise InputError(
            f"workflow/scripts/tms/graders/{task.grader}.py: grade gave {grade!r}; it has to be a Grade"
        )
    score = None if grade.score is None else float(grade.score)
    return Grade(score, grade.extracted, grade.also, grade.failure)


def failed(task: Task, reason: str) -> Grade:
    """Grade of a row without a result: no score where the machine has lost it, else 0.

    A row that uses up its CPU seconds, or breaks its grader, is graded as an empty completion: it keeps its
    place in every metric that it counts for. One that the machine has lost says nothing of the model.
    """
    if reason in LOST:
        return Grade(None, "", failure=reason)
    try:
        empty = load_grader(task.grader).grade("", task.answer)
        return Grade(None if empty.score is None else 0.0, "", empty.also, reason)
    except Exception:
        return Grade(0.0, "", failure=reason)


def grading_pool(
    graders: list[str], processes: int, lost_rows: str = "stop", limits: Limits | None = None
) -> RowPool:
    """Worker processes that grade with limits for each row, for `grade_in`.

    Args:
        graders: names of the graders that the rows may ask for.
        processes: number of workers at most.
        lost_rows, limits: as `RowPool` takes them.

    Raises:
        InputError: an unknown grader.
    """
    name = f"graders {', '.join(graders)}"
    return RowPool(grade_row, processes, name, partial(warm, graders), lost_rows, limits)


def grade_in(pool: RowPool, tasks: list[Task], progress: Progress | None = None) -> list[Grade]:
    """Grade completions in a grading pool; `progress` counts them.

    A row without a result has a failure: "limit" where it used up its own CPU seconds or memory, "timeout" or
    "crash" where the machine has lost it, each of them twice, the second time alone; "error" where its grader
    raises.

    Returns:
        One grade for each task, in the order of `tasks`.

    Raises:
        InputError: too many lost rows, workers that cannot start, or a grader that lacks what it needs.
    """
    grades: list[Grade | None] = [None] * len(tasks)
    with closing(pool.run(tasks)) as results:
        for index, result in results:
            if isinstance(result, Failure):
                result = failed(tasks[index], result.reason)
            grades[index] = result
            if progress is not None:
                progress.advance()
    return grades


def grade_all(
    tasks: list[Task], processes: int, lost_rows: str = "stop", limits: Limits | None = None
) -> list[Grade]:
    """Grade completions in a pool for their graders, with progress.

    Args:
        tasks: the completions.
        processes: number of workers.
        lost_rows, limits: as `RowPool` takes them.

    Returns:
        One grade for each task, in the order of `tasks`.

    Raises:
        InputError: an unknown grader, too many lost rows, workers that cannot start, or a grader that lacks
            what it needs.
    """
    graders = sorted({task.grader for task in tasks})
    pool = grading_pool(graders, processes, lost_rows, limits)
    with pool, Progress(len(tasks), "grade", "rows") as progress:
        return grade_in(pool, tasks, progress)
