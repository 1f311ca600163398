"""The text of an answer that a grader or judge gets: of an episode the last turn's, or all turns as JSON."""

from collections.abc import Callable, Iterable
from types import ModuleType

from tms.grading.pool import Task, load_grader
from tms.io.conversation import read_context
from tms.tool_use.turns import final_text, read_turns


def answer_text(grader: str, context: str, completion: str) -> str:
    """The text that a grader gets of an answer.

    Args:
        grader: its name.
        context, completion: of the row.

    Raises:
        InputError: the context has tools, and the completion is no episode.
    """
    return text_for(load_grader(grader), context, completion)


def tasks_of_rows(rows: Iterable[dict], grader_of: Callable[[str], str]) -> list[Task]:
    """Make a task for the grading pool of each row.

    Args:
        rows: with `benchmark`, `context`, `completion` and `answer`.
        grader_of: gives the grader of a benchmark.

    Raises:
        InputError: as `answer_text`.
    """
    tasks = []
    for row in rows:
        grader = grader_of(row["benchmark"])
        tasks.append(Task(grader, answer_text(grader, row["context"], row["completion"]), row["answer"]))
    return tasks


def text_for(reader: ModuleType, context: str, completion: str) -> str:
    """As `answer_text`, for the module of a grader or a judge; one with `EPISODES` reads all turns."""
    if not read_context(context).tools or getattr(reader, "EPISODES", False):
        return completion
    return final_text(read_turns(completion))
