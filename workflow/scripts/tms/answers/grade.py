"""The grade of a completion."""

from dataclasses import dataclass, field

NONE = "none"  # grader of tasks whose completions have no score
# Why a row has no result: it used up its own CPU seconds or memory; the machine has lost it (no word for too
# long, or a process that died); its grader raised.
LIMIT, TIMEOUT, CRASH, ERROR = "limit", "timeout", "crash", "error"
LOST = (TIMEOUT, CRASH)


@dataclass(frozen=True)
class Grade:
    """Judgement of one completion.

    Args:
        score: in [0, 1]; None where the row does not count for the benchmark's headline metric (a benign
            prompt under attack success), and where it was lost.
        extracted: the answer found in the completion, "" where there is none.
        also: items in [0, 1] of other metrics, by name; one row may hold several items of a metric (the
            instructions of a prompt) or none.
        failure: why it is no grade on the completion's merits: one of the above or a grader's own; else "".
    """

    score: float | None
    extracted: str
    also: dict[str, list[float]] = field(default_factory=dict)
    failure: str = ""
