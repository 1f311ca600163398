"""Cost of a stage: a small JSON file beside its output."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tms.io import json_file
from tms.io.errors import InputError
from tms.io.token_ids import own_tokens


@dataclass(frozen=True)
class Cost:
    """Work of one stage.

    A stored row counts with the tokens and seconds that it took when it was generated, so a cost does not
    depend on what was cached.
    """

    optimizer_steps: int = 0
    trained_tokens: int = 0  # tokens that entered the loss
    frozen_tokens: int = 0  # of these, whose distribution a frozen model gave, too: KL's base, a teacher
    rollouts: int = 0  # completions that were sampled
    generated_tokens: int = 0
    seconds: float = 0.0  # those of a method as `tms.io.work_time` counts them, a measurement's by the clock
    # Generated for a measurement alone: in none of the numbers above, nor in a method's cost.
    measuring_tokens: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        mine, more = asdict(self), asdict(other)
        return Cost(**{name: mine[name] + more[name] for name in mine})


def of_completions(rows: list[dict]) -> Cost:
    """Cost of generated rows (columns `completion_ids`, `seconds`)."""
    return Cost(
        rollouts=len(rows),
        generated_tokens=sum(own_tokens(row["completion_ids"]) for row in rows),
        seconds=round(sum(row["seconds"] for row in rows), 3),
    )


def write(path: Path, cost: Cost) -> None:
    """Write a cost as JSON."""
    json_file.write(path, asdict(cost))


def read(path: Path) -> Cost:
    """Read a cost file.

    Raises:
        InputError: the file is missing or not a cost.
    """
    written = json_file.read(path, "cost file")
    names = {field.name for field in fields(Cost)}  # one that is missing is 0
    for name, value in written.items():
        if name not in names or not isinstance(value, int | float):
            raise InputError(f"{path}: not a readable cost file ({name}: {value!r}); {json_file.DELETE}")
    return Cost(**written)
