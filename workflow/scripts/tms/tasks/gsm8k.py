r"""GSM8K: grade-school word problems (Cobbe et al., 2021).

hub       openai/gsm8k, config `main`, splits `train` (7,473) and `test` (1,319)
revision  740312add88f781978c0658806c59bc2815b9866
licence   MIT
columns   question, answer (worked solution with calculator marks, `#### 24` on its last line)
see       https://huggingface.co/datasets/openai/gsm8k, https://github.com/openai/grade-school-math

One row:

    prompt    Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in ...
    answer    72
    solution  Natalia sold 48/2 = 24 clips in May. ... The final answer is $\boxed{72}$.

`train` and `heldout` are disjoint parts of the training split (`tms/data/hub.py`), `test` is the test split.
"""

import re
from pathlib import Path

from tms.data import hub
from tms.data.math_prompt import math_row
from tms.data.options import read_options
from tms.io.errors import InputError

SOURCE = hub.Source(
    repo="openai/gsm8k",
    config="main",
    splits={"train": "train", "heldout": "train", "test": "test"},
    revision="740312add88f781978c0658806c59bc2815b9866",
    folder="gsm8k",
    columns=("question", "answer"),
    texts=("question", "answer"),
)
MARKS = re.compile(r"<<[^<>]*>>")  # the calculator's, e.g. <<48/2=24>>


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of one split; options: another `revision`, `order: hash` shuffles the test split.

    Raises:
        InputError: an option is unknown, or the data cannot be had or is too small.
    """
    settings = read_options("gsm8k", options, hub.OPTIONS)
    items = hub.load(SOURCE, split, root, settings["revision"])
    rows = [row(f"gsm8k-{SOURCE.splits[split]}-{index}", item) for index, item in enumerate(items)]
    if split == "test":
        return hub.test_rows(rows, size, settings["order"])
    return hub.training_rows(rows, split, size, seed)


def row(example_id: str, item: dict) -> dict:
    """The row of one problem.

    Raises:
        InputError: the answer has no `####` line.
    """
    worked, marker, last = item["answer"].rpartition("####")
    if not marker:
        raise InputError(f"{SOURCE.repo}: row {example_id} has no final answer after ####")
    answer = last.strip().replace(",", "")
    solution = f"{MARKS.sub('', worked).strip()}\nThe final answer is $\\boxed{{{answer}}}$."
    return math_row(example_id, item["question"], answer, solution)
