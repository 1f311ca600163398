"""What a grader returns."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Judgement of one completion.

    Args:
        score: in [0, 1].
        extracted: the answer found in the completion, "" where there is none.
    """

    score: float
    extracted: str
