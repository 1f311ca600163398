"""The text of an answer that its grader gets: of an episode the last turn's, or all turns as JSON."""

from tms.grading.pool import load_grader
from tms.io.conversation import read_context
from tms.tool_use.turns import final_text, read_turns


def answer_text(grader: str, context: str, completion: str) -> str:
    """The text that a grader gets of an answer.

    Args:
        grader: its name. One whose module has `EPISODES` set grades whole episodes, calls and all.
        context: of the row.
        completion: of the row.

    Raises:
        InputError: the context has tools, and the completion is no episode.
    """
    if not read_context(context).tools or getattr(load_grader(grader), "EPISODES", False):
        return completion
    return final_text(read_turns(completion))
