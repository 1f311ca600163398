"""Lengths of prompts and completions: from files where they are, else from the figures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.estimate_config import CONFIG, figures
from helpers.image_set import picture

from tms.cost_estimate.lengths import Lengths, Texts, together
from tms.io import parquet
from tms.io.conversation import context_text
from tms.io.images import image_digest
from tms.tasks import calculate
from tms.tool_use.turns import turns_text

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


def test_turns_are_those_of_the_prepared_answers():
    """Two turns and one; then of no file, as the file of throughputs says."""
    turns = Texts(10, 100, 40, turns=3)
    assert turns.read == 3 * 100 + 40  # nothing, a third and two thirds of the completion
    rows = calculate.build("train", 3, 0, {})
    plain = rows[0] | {"example_id": "plain", "solution": turns_text([{"role": "assistant", "content": "4"}])}
    parquet.write(Path("data/sums/train.parquet"), parquet.PREPARED, [rows[0], plain], {})
    assert lengths().examples(TASK, "train", "models/hub/q").turns == 1.5
    given = replace(figures(), lengths={"other": {"prompt": 1, "completion": 1, "turns": 2.5}})
    assert Lengths(CONFIG, given, measured=False).examples("facts", "test", "models/hub/q").turns == 2.5


def test_an_answer_with_tools_is_all_its_turns():
    """Of 3,000 tokens that are assumed, where a turn may have 1,024: as many as the row may."""
    given = replace(figures(), lengths={"other": {"prompt": 10, "completion": 3000}})
    for options, expected in (({}, 3000), ({"tokens": 2500}, 2500), ({"calls": 1, "tokens": 9999}, 3000)):
        task = {"kind": "toolalpaca", "test": 5, "max_new_tokens": 1024, "options": options}
        config = CONFIG | {"tasks": {"calls": task, "plain": task | {"kind": "k"}}}
        found = Lengths(config, given)
        assert found.examples("calls", "test", "models/hub/q").completion == expected
        assert found.examples("plain", "test", "models/hub/q").completion == 1024


def test_images_are_tokens_of_the_prompt():
    given = replace(figures(), lengths={"other": {"prompt": 10, "completion": 4, "images": 999}})
    assert Lengths(CONFIG, given).examples("facts", "test", "models/hub/q") == Texts(30, 1009, 4, 999)
    both = together([Texts(10, 30, 5, 20), Texts(30, 10, 5)])
    assert both == Texts(40, 15, 5, 5)


def test_images_of_prepared_rows_are_measured(tmp_path):
    """56 x 84 pixels are 2 x 3 squares of 28 a side, 112 x 28 are 4: 5 in the middle."""
    rows = []
    for number, size in enumerate([(56, 84), (112, 28)]):
        data = picture(size=size)
        context = context_text([], images=[image_digest(data)])
        row = {"example_id": str(number), "context": context, "prompt": "x" * 8, "answer": "", "problem": "p"}
        rows.append(row | {"solution": "", "images": [{"bytes": data, "path": None}]})
    parquet.write(Path("data/sums/train.parquet"), [*parquet.PREPARED, "images"], rows, {})
    found = lengths().examples(TASK, "train", "models/hub/q")
    assert (found.images, found.prompt) == (0, 2)  # the model is not there, and nothing is assumed
    vision = {"patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2}
    keys = {"model_type": "qwen2_5_vl", "vision_config": vision}
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text(json.dumps(keys))
    (tmp_path / "model" / "preprocessor_config.json").write_text('{"min_pixels": 784, "max_pixels": 78400}')
    found = lengths().examples(TASK, "train", "model")
    assert (found.images, found.prompt) == (5, 7)


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
