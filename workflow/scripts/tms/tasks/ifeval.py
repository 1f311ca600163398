"""IFEval: instructions whose following a program can check (Zhou et al., 2023).

Test

hub       google/IFEval, config `default`, split `train` (541 prompts, 834 instructions; the only split)
revision  966cd89545d6b6acfd7638bc708b98261ca58e84
licence   Apache-2.0
columns   key, prompt, instruction_id_list, kwargs (one dictionary an instruction; in Parquet, structs full
          of nulls)
see       https://huggingface.co/datasets/google/IFEval,
          https://github.com/google-research/google-research/tree/master/instruction_following_eval

Training

hub       allenai/RLVR-IFeval, config `default`, split `train` (14,973)
revision  47c03c73621c4aab2b824b7818681117d662770e
licence   ODC-BY
columns   messages (one user message), ground_truth (JSON text, see `tms/data/ifeval_constraints.py`),
          dataset, constraint_type, constraint
see       https://huggingface.co/datasets/allenai/RLVR-IFeval, https://github.com/allenai/open-instruct

One row of each:

    prompt  I am planning a trip to Japan, and I would like thee to write an itinerary for my journey in a ...
    answer  {"key": 1001, "prompt": "I am planning ...", "instruction_id_list": ["punctuation:no_comma"],
             "kwargs": [{}]}

    prompt  Answer with at least 17 words Add an introductory sentence for the following sentence. ...
    answer  {"key": 7, "prompt": "Answer with at least 17 words ...", "instruction_id_list":
             ["length_constraints:number_words"], "kwargs": [{"num_words": 17, "relation": "at least"}]}

`train_on_test: true` (as the paper prints it) trains on the 541 prompts themselves; `heldout` is then a part
of them that training has seen too. `sentences: false` leaves out the prompts of which an instruction needs
NLTK's model of sentences and words (64 of the 541), where that is not to be had.
"""

import json
from collections import Counter
from pathlib import Path

from tms.data import hub
from tms.data.ifeval_constraints import NEEDS_PUNKT, NoEqual, instructions
from tms.data.options import read_options
from tms.io.errors import InputError

TEST = hub.Source(
    repo="google/IFEval",
    config="default",
    splits={"train": "train", "heldout": "train", "test": "train"},
    revision="966cd89545d6b6acfd7638bc708b98261ca58e84",
    folder="ifeval",
    columns=("key", "prompt", "instruction_id_list", "kwargs"),
    texts=("prompt",),
)
TRAIN = hub.Source(
    repo="allenai/RLVR-IFeval",
    config="default",
    splits={"train": "train", "heldout": "train"},
    revision="47c03c73621c4aab2b824b7818681117d662770e",
    folder="rlvr_ifeval",
    columns=("messages", "ground_truth"),
)
# `revision`: see `tms.tasks.mmlu`.
OPTIONS = {
    "train_revision": None,
    "test_revision": None,
    "order": "official",
    "train_on_test": False,
    "sentences": True,
}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of one split; prints how many are left out.

    Those are training rows with constraints that IFEval's checker has no equal for, and, where `sentences` is
    false, rows that need the sentence splitter. Further options: other revisions, `order: hash` (shuffles
    the test split), `train_on_test`.

    Raises:
        InputError: an option is unknown, or the data cannot be had or is too small.
    """
    settings = read_options("ifeval", options, OPTIONS)
    if split == "test" or settings["train_on_test"]:
        rows = [test_row(item) for item in hub.load(TEST, split, root, settings["test_revision"])]
        if not settings["sentences"]:
            rows = without_sentences(rows, split)
        if split == "test":
            return hub.test_rows(rows, size, settings["order"])
        return hub.trained_test_rows(rows, split, size, seed)
    rows, dropped = training_rows(hub.load(TRAIN, split, root, settings["train_revision"]))
    for reason, count in dropped.most_common():
        print(f"ifeval: {count} of {len(rows) + dropped.total()} training rows left out: {reason}")
    if not settings["sentences"]:
        rows = without_sentences(rows, split)
    return hub.training_rows(rows, split, size, seed)


def without_sentences(rows: list[dict], split: str) -> list[dict]:
    """The rows that are checked without the sentence splitter; prints how many are not."""
    kept = [
        row for row in rows if not set(NEEDS_PUNKT) & set(json.loads(row["answer"])["instruction_id_list"])
    ]
    left = len(rows) - len(kept)
    print(f"ifeval: {left} of {len(rows)} {split} rows left out: they need the sentence splitter")
    return kept


def test_row(item: dict) -> dict:
    """The row of one IFEval prompt; arguments that are null are dropped.

    Raises:
        InputError: instructions and arguments differ in number.
    """
    ids, kwargs = list(item["instruction_id_list"]), list(item["kwargs"])
    if len(ids) != len(kwargs):
        raise InputError(
            f"{TEST.repo}: key {item['key']} has {len(ids)} instructions and {len(kwargs)} kwargs"
        )
    arguments = [
        {name: value for name, value in (given or {}).items() if value is not None} for given in kwargs
    ]
    return _row(f"ifeval-{item['key']}", item["key"], item["prompt"], ids, arguments)


def training_rows(items: list[dict]) -> tuple[list[dict], Counter]:
    """Rows of RLVR-IFeval, and how many were left out for which reason."""
    rows, dropped = [], Counter()
    for index, item in enumerate(items):
        messages = item["messages"]
        try:
            if len(messages) != 1 or messages[0].get("role") != "user":
                raise NoEqual("not one user message")
            ids, arguments = zip(*instructions(item["ground_truth"]), strict=True)
        except NoEqual as reason:
            dropped[str(reason)] += 1
            continue
        prompt = messages[0]["content"]
        rows.append(_row(f"rlvr-ifeval-{index}", index, prompt, list(ids), list(arguments)))
    return rows, dropped


def _row(example_id: str, key: int, prompt: str, ids: list[str], kwargs: list[dict]) -> dict:
    # Sorted names: the hub's Parquet and JSONL forms order a row's arguments differently.
    answer = {
        "key": key,
        "prompt": prompt,
        "instruction_id_list": ids,
        "kwargs": [dict(sorted(k.items())) for k in kwargs],
    }
    return {
        "example_id": example_id,
        "prompt": prompt,
        "answer": json.dumps(answer, ensure_ascii=False),
        "problem": prompt,
        "solution": "",
    }
