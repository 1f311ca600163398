"""MMLU: training on its auxiliary questions, scored on MMLU-Pro.

Training

hub       cais/mmlu, config `all`, split `auxiliary_train` (99,842; other sets' exams: ARC, MC_TEST, OBQA,
          RACE)
revision  c30699e8356da336a370243923dbaf21066bb9fe
licence   MIT
columns   question, subject, choices (4), answer (0 to 3); in some copies nested in one column `train`
see       https://huggingface.co/datasets/cais/mmlu, https://github.com/hendrycks/test

Test

hub       TIGER-Lab/MMLU-Pro, config `default`, split `test` (12,032)
revision  b189ec765aa7ed75c8acfea42df31fdae71f97be
licence   MIT
columns   question_id, question, options (3 to 10), answer (letter), answer_index, category, ...
see       https://huggingface.co/datasets/TIGER-Lab/MMLU-Pro, https://github.com/TIGER-AI-Lab/MMLU-Pro

One test row:

    prompt    Typical advertising regulatory bodies suggest, for example that adverts must not: ...
    answer    {"label": "I", "labels": ["A", ..., "J"], "texts": ["Safe practices, Fear, Jealousy, ...

The gold is the letter in `answer`, as in the official scorer. One row's `answer_index` says otherwise:
question 3983 (which bond does not have its negative end written last), where the letter, C for N-H, is the
right one. The auxiliary questions hold ARC items; the contamination gate reports it for ARC-Challenge.
"""

from pathlib import Path
from string import ascii_uppercase

from tms.data import hub
from tms.data.choice_prompt import choice_row
from tms.data.options import read_options
from tms.io.errors import InputError

TRAIN = hub.Source(
    repo="cais/mmlu",
    config="all",
    splits={"train": "auxiliary_train", "heldout": "auxiliary_train"},
    revision="c30699e8356da336a370243923dbaf21066bb9fe",
    folder="mmlu",
    columns=(),  # nested or not: see `flat`
)
TEST = hub.Source(
    repo="TIGER-Lab/MMLU-Pro",
    config="default",
    splits={"test": "test"},
    revision="b189ec765aa7ed75c8acfea42df31fdae71f97be",
    folder="mmlu_pro",
    columns=("question_id", "question", "options", "answer"),
    texts=("question", "answer"),
)
# `revision` is that of the split asked for: one of cais/mmlu for training, of MMLU-Pro for the test.
OPTIONS = {"train_revision": None, "test_revision": None, "order": "official"}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of one split; options: other revisions, `order: hash` shuffles the test (sorted by subject).

    Raises:
        InputError: an option is unknown, or the data cannot be had or is too small.
    """
    settings = read_options("mmlu", options, OPTIONS)
    if split == "test":
        items = hub.load(TEST, split, root, settings["test_revision"])
        return hub.test_rows([test_row(item) for item in items], size, settings["order"])
    items = hub.load(TRAIN, split, root, settings["train_revision"])
    rows = [training_row(f"mmlu-auxiliary-{index}", item) for index, item in enumerate(items)]
    return hub.training_rows(rows, split, size, seed)


def training_row(example_id: str, item: dict) -> dict:
    """The row of one auxiliary question, whose columns may be nested in one named `train`.

    Raises:
        InputError: a column is missing.
    """
    fields = item["train"] if isinstance(item.get("train"), dict) else item
    if missing := [name for name in ("question", "choices", "answer") if fields.get(name) is None]:
        raise InputError(f"{TRAIN.repo} (auxiliary_train): row {example_id} has no {missing[0]}")
    return choice_row(example_id, fields["question"], list(fields["choices"]), int(fields["answer"]))


def test_row(item: dict) -> dict:
    """The row of one MMLU-Pro question."""
    gold = ascii_uppercase.find(item["answer"])
    return choice_row(f"mmlu-pro-{item['question_id']}", item["question"], list(item["options"]), gold)
