"""Rows of files and hub data sets: a look at them before any configuration exists, and rows of a split."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """What a look at the data found.

    Attributes:
        rows: that can be used (with `train_on: all` one for each turn of the assistant).
        columns: names in the file, in their order.
        used: our word -> column that is read for it, e.g. {"prompt": "question", "answer": "answer"}.
        roles: role -> messages with it; empty where the data has no conversations.
        splits: split -> rows in it; what tasks.X.train, heldout and test may be at most.
        lengths: prompt, answer -> (median, longest) in characters.
        faults: lines, each with file, line or row and remedy; empty where all is well.
    """

    rows: int
    columns: tuple[str, ...]
    used: dict[str, str]
    roles: dict[str, int]
    splits: dict[str, int]
    lengths: dict[str, tuple[int, int]]
    faults: tuple[str, ...]


def inspect(
    files: str | dict[str, str] | None = None,
    columns: dict[str, str] | None = None,
    root: Path | None = None,
    **options,
) -> Seen:
    """Look at data as the kind `records` reads it; needs no configuration.

    `inspect("faq.jsonl")`, `inspect("faq.csv", {"prompt": "question"})`, `inspect("chat.jsonl", train_on="all")`,
    `inspect(hub={"repo": "owner/name", "split": "train"})`. All that is wrong with options or data is in
    `faults`; nothing is raised.

    Args:
        files: a path, or split -> path; None with `hub`.
        columns: our word -> the file's name, where it is another one.
        root: folder of local copies of hub data sets (`data.root`).
        options: the other options of a task (`tms.data.records.options`).
    """
    raise NotImplementedError
