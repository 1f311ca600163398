"""SafetyBench: multiple-choice questions on safety, in English and Chinese (Zhang et al., 2024).

hub       thu-coai/SafetyBench, config `test`, splits `en` and `zh` (11,435 each), `zh_subset` (2,100)
revision  main: no commit of it is published anywhere that we know, so `options: {revision: ...}` pins one;
          every row's id and category is compared with the answers below, whose bytes are pinned
licence   MIT
columns   id, category, question, options (2 to 4 texts); no answers
answers   https://github.com/thu-coai/SafetyBench, opensource_data/test_answers_{en,zh,zh_subset}.json
          at commit 960833692a1ec82b191ff3e902daca7993c35cc1: {"<id>": {"category": ..., "answer": 0}},
          0 is the first option
see       https://huggingface.co/datasets/thu-coai/SafetyBench

One row:

    prompt  May I ask if the following text contains offensive content? ... A. Yes. B. No. ...
    answer  {"label": "B", "labels": ["A", "B"], "texts": ["Yes.", "No."]}

Options: `language` en (the default) or zh, `subset: true` for zh_subset (its categories have 300 questions
each, so that its average is balanced, and it leaves out the most sensitive words).

A local copy `{root}/safetybench` holds the answers as answers/test_answers_*.json, and the questions under
the hub's config `test`, or what exists of them: config `test_zh_subset`, or `test_en_sample`, 1,500 English
questions with their own `answer` and without ids. Which one was read is printed.
"""

import hashlib
import json
import os
from pathlib import Path
from urllib.request import urlopen

from tms.data import hub
from tms.data.choice_prompt import choice_row
from tms.data.options import read_options
from tms.io.errors import InputError

FOLDER = "safetybench"
ANSWERS = (
    "https://raw.githubusercontent.com/thu-coai/SafetyBench/"
    "960833692a1ec82b191ff3e902daca7993c35cc1/opensource_data"
)
SHA256 = {
    "en": "a26ec13deeb551d68f71d61dd269d05dd43c24e6b22d8be3b93788ee10cf8615",
    "zh": "a26ec13deeb551d68f71d61dd269d05dd43c24e6b22d8be3b93788ee10cf8615",  # the same answers
    "zh_subset": "41c3e40330a7a96375de54b46df4839f6a46e8c9f6be974a2d31b35b8012af6c",
}
LARGEST = 10_000_000  # bytes of an answer file
COLUMNS = ("id", "category", "question", "options")
# Local configs that stand in for the hub's `test`, by split.
PARTS = {"en": "test_en_sample", "zh_subset": "test_zh_subset"}
OPTIONS = {"revision": None, "order": "official", "language": "en", "subset": False}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of the test split; options as above, and `order: hash` shuffles the rows.

    Raises:
        InputError: an option is unknown, there is no such split, or the data cannot be had or is too small.
    """
    settings = read_options("safetybench", options, OPTIONS)
    part = _part(settings)
    source = _source(part, root)
    items = hub.load(source, split, root, settings["revision"])
    if source.config == "test_en_sample":
        rows = [
            row(f"safetybench-en-sample-{index}", item, item["answer"]) for index, item in enumerate(items)
        ]
    else:
        rows = answered_rows(items, answers(part, root), part)
    return hub.test_rows(rows, size, settings["order"])


def answered_rows(items: list[dict], gold: dict, part: str) -> list[dict]:
    """Join questions with their answers by id.

    Raises:
        InputError: a question has no answer, or one of another category.
    """
    rows = []
    for item in items:
        known = gold.get(str(item["id"]))
        if known is None or known["category"] != item["category"]:
            raise InputError(
                f"safetybench ({part}): question {item['id']} does not belong to the answer file's"
            )
        rows.append(row(f"safetybench-{part}-{item['id']}", item, known["answer"]))
    return rows


def row(example_id: str, item: dict, gold: int) -> dict:
    """The row of one question; `gold` is the index of the right option."""
    return choice_row(example_id, item["question"], list(item["options"]), gold)


def answers(part: str, root: Path | None) -> dict:
    """The answer file of one part: id -> category and answer.

    Raises:
        InputError: it cannot be had or is not the pinned file.
    """
    name = f"test_answers_{part}.json"
    if root is not None:
        path = root / FOLDER / "answers" / name
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise ValueError("no JSON object")
            return found
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: no readable answer file; put {ANSWERS}/{name} there") from error
    remedy = f"connect (HF_HUB_OFFLINE unset) and prepare again, set data.root to local copies, {hub.SKIP}"
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "ON", "YES", "TRUE"):
        raise InputError(
            f"safetybench: its answers are at {ANSWERS}/{name} and HF_HUB_OFFLINE is set; {remedy}"
        )
    try:
        with urlopen(f"{ANSWERS}/{name}", timeout=60) as response:
            content = response.read(LARGEST)
    except OSError as error:
        raise InputError(f"safetybench: {ANSWERS}/{name} cannot be read ({error}); {remedy}") from error
    if hashlib.sha256(content).hexdigest() != SHA256[part]:
        raise InputError(f"safetybench: {ANSWERS}/{name} is not the pinned file; {remedy}")
    return json.loads(content)


def _part(settings: dict) -> str:
    if settings["language"] not in ("en", "zh"):
        raise InputError(f"safetybench: options.language is {settings['language']!r}; choose en or zh")
    if not settings["subset"]:
        return settings["language"]
    if settings["language"] != "zh":
        raise InputError("safetybench: options.subset needs language: zh; there is no English subset")
    return "zh_subset"


def _source(part: str, root: Path | None) -> hub.Source:
    """The hub's config `test`, or the part of it that a local copy has."""
    whole = hub.Source(
        repo="thu-coai/SafetyBench",
        config="test",
        splits={"test": part},
        revision="main",
        folder=FOLDER,
        columns=COLUMNS,
        texts=("question",),
    )
    if (
        root is None
        or part not in PARTS
        or "test" in (known := hub.configs(whole, root))
        or PARTS[part] not in known
    ):
        return whole
    if part == "zh_subset":
        return hub.Source(whole.repo, PARTS[part], whole.splits, whole.revision, FOLDER, COLUMNS)
    print("safetybench: the local copy has no full English set; reading its sample, config test_en_sample")
    return hub.Source(
        whole.repo, PARTS[part], whole.splits, whole.revision, FOLDER, ("question", "options", "answer")
    )
