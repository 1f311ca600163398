"""Records: prompts and answers, or conversations, of the user's own files or of a hub data set.

One row of a JSONL file, and what becomes of it:

    {"prompt": "How do I reset my password?", "answer": "Open Settings, then Security, ..."}

    prompt    How do I reset my password?
    context   the messages before the prompt, as JSON; "" where there are none
    answer    what graders compare with: the column `gold`, or else the answer
    solution  Open Settings, then Security, ...

`tms/data/records/options.py` lists the options, docs/own_data.md explains them.
"""

from pathlib import Path

from tms.data.records.read import split_rows


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of one split.

    Raises:
        InputError: an option or the data is faulty, a line a fault, or there are fewer rows.
    """
    return split_rows(split, size, seed, options, root)
