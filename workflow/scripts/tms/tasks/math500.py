r"""MATH-500: 500 problems of the MATH test split (Lightman et al., 2023).

hub       HuggingFaceH4/MATH-500, config `default`, split `test` (500)
revision  6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be
licence   MIT
columns   problem, solution, answer, subject, level (an integer), unique_id (`test/precalculus/807.json`)
see       https://huggingface.co/datasets/HuggingFaceH4/MATH-500, https://github.com/openai/prm800k

One row:

    prompt    Convert the point $(0,3)$ in rectangular coordinates to polar coordinates. ...
    answer    \left( 3, \frac{\pi}{2} \right)
    solution  We have that $r = \sqrt{0^2 + 3^2} = 3.$ ... \[\boxed{\left( 3, \frac{\pi}{2} \right)}.\]

All 500 are MATH test problems, so by default there is only `test`: a view of the model trained on MATH.
With `train_on_test: true` (as the paper prints it) `train` is the 500 problems themselves, and `heldout` is a
part of them that training has seen too.
"""

from pathlib import Path

from tms.data import hub
from tms.data.math_prompt import math_row
from tms.data.options import read_options
from tms.io.errors import InputError

SOURCE = hub.Source(
    repo="HuggingFaceH4/MATH-500",
    config="default",
    splits={"train": "test", "heldout": "test", "test": "test"},
    revision="6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
    folder="math_500",
    columns=("problem", "solution", "answer", "unique_id"),
    texts=("problem", "solution", "answer"),
)
OPTIONS = {"revision": None, "order": "official", "train_on_test": False}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of one split; options: another `revision`, `order: hash` shuffles the test split, `train_on_test`.

    Raises:
        InputError: an option is unknown, there is no such split, or the data cannot be had or is too small.
    """
    settings = read_options("math500", options, OPTIONS)
    if split != "test" and not settings["train_on_test"]:
        raise InputError(
            "MATH-500 is a part of the MATH test split and has no training rows; use the task math, or set "
            "options.train_on_test to train on its test rows as the paper does"
        )
    rows = [
        math_row(
            f"math500-{item['unique_id'].removesuffix('.json')}",
            item["problem"],
            item["answer"],
            item["solution"],
        )
        for item in hub.load(SOURCE, split, root, settings["revision"])
    ]
    if split == "test":
        return hub.test_rows(rows, size, settings["order"])
    return hub.trained_test_rows(rows, split, size, seed)
