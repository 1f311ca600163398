"""Lengths of prompts and completions: from files where they are, else from the figures."""

import json
from pathlib import Path

import pytest
from helpers.estimate_config import CONFIG, figures

from tms.cost_estimate.lengths import Lengths, Texts
from tms.io import parquet

TASK = "sums"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def prepared(path: str, prompts: list[str]) -> None:
    written = [
        {"example_id": str(number), "prompt": text, "answer": ""} for number, text in enumerate(prompts)
    ]
    parquet.write(Path(path), parquet.EXAMPLES, written, {})


def references(name: str, texts: list[tuple[str, str]]) -> None:
    written = [
        {"example_id": str(number), "prompt": prompt, "completion": completion, "answer": ""}
        for number, (prompt, completion) in enumerate(texts)
    ]
    parquet.write(Path("data", TASK, "small", "big", f"{name}.parquet"), parquet.REFERENCES, written, {})


def lengths(**more) -> Lengths:
    return Lengths(CONFIG, figures(), **more)


def test_nothing_there_is_assumed_and_noted():
    found = lengths()
    assert found.references(TASK, "small", "big", "train", "models/hub/q") == Texts(800, 100, 400)
    assert found.assumed == {TASK}


@pytest.mark.parametrize(
    ("grader", "teacher", "count"),
    [("math", {"model": "b"}, 800), ("math", {}, 1000), ("none", {"model": "b"}, 1000)],
)
def test_only_answers_that_a_grader_can_reject_are_counted_in_part(grader, teacher, count):
    """The data's own answers (no model) are all kept, and what no grader verifies is."""
    config = CONFIG | {
        "tasks": {TASK: CONFIG["tasks"][TASK] | {"grader": grader}},
        "teachers": {"big": teacher},
    }
    found = Lengths(config, figures())
    assert found.references(TASK, "small", "big", "train", "models/hub/q").count == count


def test_a_joint_target_has_the_rows_of_its_tasks():
    """800 references of 100 and 400 tokens, 200 of 50 and 200; then of one task prompts that are there."""
    tasks = CONFIG["tasks"] | {"more": CONFIG["tasks"]["sums"] | {"train": 250}}
    found = Lengths(CONFIG | {"tasks": tasks}, figures())
    assert found.references("sums+more", "small", "big", "train", "models/hub/q") == Texts(1000, 90, 360)
    prepared("data/more/train.parquet", ["x" * 40, "x" * 80])
    both = found.examples("sums+more", "train", "models/hub/q")
    assert (both.count, both.prompt) == (1002, pytest.approx((1000 * 100 + 2 * 15) / 1002))


def test_characters_of_the_prepared_prompts():
    prepared("data/sums/train.parquet", ["x" * 40, "x" * 80])
    assert lengths().examples(TASK, "train", "models/hub/q") == Texts(2, 15, 400)


def test_messages_before_a_prompt_count_as_its_tokens():
    context = json.dumps([{"role": "system", "content": "x" * 99}])
    row = {"example_id": "0", "prompt": "x" * 20, "answer": "", "context": context}
    parquet.write(Path("data/sums/train.parquet"), parquet.EXAMPLES, [row, row | {"context": ""}], {})
    assert lengths().examples(TASK, "train", "models/hub/q") == Texts(2, (120 + 20) / 2 / 4, 400)


def test_what_the_gate_left_goes_before_what_was_prepared():
    prepared("data/sums/train.parquet", ["x" * 40] * 5)
    prepared("data/sums/small/train.parquet", ["x" * 40] * 3)
    assert lengths().examples(TASK, "train", "models/hub/q").count == 3


def test_references_and_their_end_token():
    references("references", [("x" * 40, "y" * 400), ("x" * 40, "y" * 800)])
    references("heldout_references", [("x" * 8, "y" * 40)])
    found = lengths()
    assert found.references(TASK, "small", "big", "train", "models/hub/q") == Texts(2, 10, 151)
    assert found.references(TASK, "small", "big", "heldout", "models/hub/q") == Texts(1, 2, 11)


def test_the_models_own_tokenizer_counts(tiny_model):
    references("references", [("1+2", "=3"), ("10+20", "=30")])  # a token for each character
    found = lengths().references(TASK, "small", "big", "train", str(tiny_model))
    assert found == Texts(2, 4, 2.5 + 1)


def test_the_bases_own_completions_tell_a_benchmarks_length():
    prepared("data/sums/test.parquet", ["x" * 40] * 50)
    written = [
        dict.fromkeys(parquet.COMPLETIONS, "")
        | {"benchmark": TASK, "completion_ids": [1] * count, "seed": 0, "sample": 0, "seconds": 0.0}
        for count in (10, 30)
    ]
    parquet.write(Path("results/q/base/generations.parquet"), parquet.COMPLETIONS, written, {})
    found = lengths()
    assert found.benchmark(TASK, "q", "models/hub/q") == Texts(40, 10, 20)  # the limit, not the 50 prepared
    assert not found.assumed
    assert found.benchmark("facts", "q", "models/hub/q") == Texts(20, 50, 10)
    assert found.assumed == {"facts"}


def test_rows_of_a_file_that_will_be_made_again_do_not_count():
    prepared("data/sums/train.parquet", ["x" * 40] * 5)
    stale = frozenset({"data/sums/train.parquet"})
    assert lengths(stale=stale).examples(TASK, "train", "models/hub/q") == Texts(1000, 10, 400)


def test_files_can_be_ignored():
    prepared("data/sums/train.parquet", ["x" * 40] * 5)
    assert lengths(measured=False).examples(TASK, "train", "models/hub/q") == Texts(1000, 100, 400)
