"""The grade of a completion."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Grade:
    """Judgement of one completion.

    Args:
        score: in [0, 1]; None where the row does not count for the benchmark's headline metric (a benign
            prompt under attack success).
        extracted: the answer found in the completion, "" where there is none.
        also: items in [0, 1] of other metrics, by name; one row may hold several items of a metric (the
            instructions of a prompt) or none.
        failure: why the grade is none on the completion's merits, e.g. "timeout"; "" where it is one.
    """

    score: float | None
    extracted: str
    also: dict[str, list[float]] = field(default_factory=dict)
    failure: str = ""
