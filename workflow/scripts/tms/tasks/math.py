r"""MATH: competition problems in seven subjects (Hendrycks et al., 2021).

hub       EleutherAI/hendrycks_math, seven configs (`SUBJECTS`), splits `train` (7,500 in all) and `test`
          (5,000)
revision  21a5633873b6a120296cce3e2df9d5550074f4a3
licence   MIT
columns   problem, level ("Level 1" to "Level 5"; two rows "Level ?"), type, solution
see       https://huggingface.co/datasets/EleutherAI/hendrycks_math, https://github.com/hendrycks/math

One row:

    prompt    How many vertical asymptotes does the graph of $y=\frac{2}{x^2+x-6}$ have? ...
    answer    2
    solution  The denominator of the rational function factors into $x^2+x-6=(x-2)(x+3)$. ... $\boxed{2}$ ...

The answer is the content of the solution's last box; where the problem asks for several values, that of all
boxes of its list (14 solutions box each value alone: `$k = \boxed{5}$ or $k = \boxed{-3}$`). Two training
solutions (number theory) say that there is none and leave the box empty: their answer is 0, and is written
into the box. An example's id is subject and index in the hub's order.
"""

import re
from pathlib import Path

from tms.data import hub
from tms.data.math_prompt import last_box, listed_boxes, math_row
from tms.data.options import read_options
from tms.io.errors import InputError

SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)
SEVERAL = re.compile(r"separated by|all possible values")  # what a problem asks for
SOURCES = {
    subject: hub.Source(
        repo="EleutherAI/hendrycks_math",
        config=subject,
        splits={"train": "train", "heldout": "train", "test": "test"},
        revision="21a5633873b6a120296cce3e2df9d5550074f4a3",
        folder="math",
        columns=("problem", "level", "solution"),
        texts=("problem", "solution"),
    )
    for subject in SUBJECTS
}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of one split; options: another `revision`, `order: hash` shuffles the test split.

    Raises:
        InputError: an option is unknown, or the data cannot be had or is too small.
    """
    settings = read_options("math", options, hub.OPTIONS)
    rows = [
        row(f"math-{source.splits[split]}-{subject}-{index}", item)
        for subject, source in SOURCES.items()
        for index, item in enumerate(hub.load(source, split, root, settings["revision"]))
    ]
    if split == "test":
        return hub.test_rows(rows, size, settings["order"])
    return hub.training_rows(rows, split, size, seed)


def row(example_id: str, item: dict) -> dict:
    """The row of one problem.

    Raises:
        InputError: the solution has no box.
    """
    solution = item["solution"].replace("\\boxed{}", "\\boxed{0}")
    answer = (listed_boxes if SEVERAL.search(item["problem"]) else last_box)(solution)
    if not answer:
        raise InputError(f"{SOURCES['algebra'].repo}: the solution of {example_id} has no \\boxed answer")
    return math_row(example_id, item["problem"], answer, solution)
