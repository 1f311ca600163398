"""Cost of a stage: a small JSON file beside its output."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tms.io.errors import InputError


@dataclass(frozen=True)
class Cost:
    """Work of one stage.

    A stored row counts with the tokens and seconds that it took when it was generated, so a cost does not
    depend on what was cached.
    """

    optimizer_steps: int = 0
    trained_tokens: int = 0  # tokens that entered the loss
    rollouts: int = 0  # completions that were sampled
    generated_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.optimizer_steps + other.optimizer_steps,
            self.trained_tokens + other.trained_tokens,
            self.rollouts + other.rollouts,
            self.generated_tokens + other.generated_tokens,
            self.seconds + other.seconds,
        )


def of_completions(rows: list[dict]) -> Cost:
    """Cost of generated rows (columns `completion_ids`, `seconds`)."""
    return Cost(
        rollouts=len(rows),
        generated_tokens=sum(len(row["completion_ids"]) for row in rows),
        seconds=round(sum(row["seconds"] for row in rows), 3),
    )


def write(path: Path, cost: Cost) -> None:
    """Write a cost as JSON."""
    path.write_text(json.dumps(asdict(cost), indent=1) + "\n")


def read(path: Path) -> Cost:
    """Read a cost file.

    Raises:
        InputError: the file is missing or not a cost.
    """
    try:
        return Cost(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not a readable cost file; delete it and run again") from error
