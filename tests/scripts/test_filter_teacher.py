"""The teacher filter: first verified answer kept, every reject counted with its reason."""

import json
import sys

import pytest
from helpers.misbehaving_grader import FAKES

import filter_teacher
import tms.graders
from tms.io import parquet

FLAGS = [
    *("--samples", "samples.parquet", "--grader", "facts", "--task", "facts"),
    *("--references", "references.parquet", "--heldout-references", "heldout.parquet"),
    *("--rejects", "rejects.parquet", "--summary", "filter.json"),
]


def answer(example_id, sample, completion, finish_reason="stop", split="train"):
    return {
        "example_id": example_id,
        "benchmark": "facts",
        "split": split,
        "seed": 0,
        "sample": sample,
        "checkpoint": "",
        "prompt": f"prompt {example_id}",
        "completion": completion,
        "completion_ids": [1, 2],
        "finish_reason": finish_reason,
        "answer": "rome",
        "seconds": 0.5,
    }


SAMPLES = [
    answer("late", 1, "it is rome ."),
    answer("late", 0, "it is paris ."),
    answer("early", 0, "it is rome ."),
    answer("early", 1, "surely it is rome ."),
    answer("cut", 0, "it is rome", finish_reason="length"),
    answer("cut", 1, ""),
    answer("held", 0, "rome", split="heldout"),
]


def test_the_first_verified_answer_is_kept_and_rejects_are_counted(program, tmp_path):
    parquet.write(tmp_path / "samples.parquet", parquet.COMPLETIONS, SAMPLES, {"stage": "teacher"})
    done = program("filter_teacher", *FLAGS)
    assert done.returncode == 0, done.stderr
    kept = parquet.read(tmp_path / "references.parquet", parquet.REFERENCES)
    assert [(row["example_id"], row["completion"]) for row in kept] == [
        ("late", "it is rome ."),
        ("early", "it is rome ."),
    ]
    assert [row["example_id"] for row in parquet.read(tmp_path / "heldout.parquet", ["example_id"])] == [
        "held"
    ]
    rejects = parquet.read(tmp_path / "rejects.parquet", parquet.REJECTS)
    assert {(row["example_id"], row["sample"]): row["reason"] for row in rejects} == {
        ("late", 0): "wrong answer",
        ("early", 1): "not needed",
        ("cut", 0): "truncated",
        ("cut", 1): "no answer",
    }
    assert json.loads((tmp_path / "filter.json").read_text()) == {
        "task": "facts",
        "grader": "facts",
        "train": {
            "prompts": 3,
            "kept": 2,
            "dropped": 1,
            "answers": 6,
            "rejects": {"no answer": 1, "not needed": 1, "truncated": 1, "wrong answer": 1},
        },
        "heldout": {"prompts": 1, "kept": 1, "dropped": 0, "answers": 1, "rejects": {}},
    }
    assert parquet.provenance(tmp_path / "references.parquet")["samples"] == {"stage": "teacher"}


@pytest.mark.parametrize("missing", ["train", "heldout"])
def test_an_empty_reference_set_is_one_line_with_the_counts(program, tmp_path, missing):
    samples = [sample | {"answer": "oslo"} if sample["split"] == missing else sample for sample in SAMPLES]
    parquet.write(tmp_path / "samples.parquet", parquet.COMPLETIONS, samples, {})
    done = program("filter_teacher", *FLAGS)
    assert done.returncode == 2
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert f"no verified answer to any of {3 if missing == 'train' else 1} {missing} prompts of facts" in line
    assert "'wrong answer': " in line
    assert "Traceback" not in done.stderr


def test_without_a_grader_every_finished_answer_is_a_reference(program, tmp_path):
    parquet.write(tmp_path / "samples.parquet", parquet.COMPLETIONS, SAMPLES, {})
    done = program("filter_teacher", *FLAGS, "--grader", "none", "--given")
    assert done.returncode == 0, done.stderr
    kept = parquet.read(tmp_path / "references.parquet", parquet.REFERENCES)
    assert [row["completion"] for row in kept] == ["it is paris .", "it is rome ."]
    counts = json.loads((tmp_path / "filter.json").read_text())["train"]
    assert counts["rejects"] == {"no answer": 1, "not needed": 2, "truncated": 1}
    assert done.stderr.splitlines() == ["note: facts: 3 of 7 given answers are taken as they are, unverified"]


def test_given_answers_that_pass_are_told(program, tmp_path):
    parquet.write(tmp_path / "samples.parquet", parquet.COMPLETIONS, SAMPLES, {})
    done = program("filter_teacher", *FLAGS, "--given")
    assert done.returncode == 0, done.stderr
    line = "facts: 3 of 7 given answers pass the grader facts"
    assert (
        done.stderr.splitlines()[-1]
        == f"warning: {line}: look at the rejects in data/facts, and at the task's grader"
    )
    splits = [{"kept": 3, "answers": 5}, {"kept": 0, "answers": 1}]
    assert filter_teacher.told("a", "math", splits) == "note: a: 3 of 6 given answers pass the grader math"


def test_given_answers_of_which_none_passes_have_a_remedy(program, tmp_path):
    samples = [sample | {"answer": "oslo"} for sample in SAMPLES]
    parquet.write(tmp_path / "samples.parquet", parquet.COMPLETIONS, samples, {})
    done = program("filter_teacher", *FLAGS, "--given")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("take them as they are with teachers.given.verify: false")


def test_a_truncated_file_is_named(program, tmp_path):
    parquet.write(tmp_path / "samples.parquet", parquet.COMPLETIONS, SAMPLES, {})
    whole = (tmp_path / "samples.parquet").read_bytes()
    (tmp_path / "samples.parquet").write_bytes(whole[:-100])
    done = program("filter_teacher", *FLAGS)
    assert done.returncode == 2
    assert done.stderr.startswith("error: samples.parquet: not a readable Parquet file")


def test_answers_without_a_result_are_no_references_and_counted(program, tmp_path, monkeypatch):
    monkeypatch.setattr(tms.graders, "__path__", [*tms.graders.__path__, str(FAKES)])
    samples = [
        answer(f"{split}-{text}", 0, text, split=split) | {"answer": "1"}
        for split in ("train", "heldout")
        for text in ("1", *(["die", "huge"] if split == "train" else []))
    ]
    parquet.write(tmp_path / "samples.parquet", parquet.COMPLETIONS, samples, {})
    flags = [
        "exact_fake" if word == "facts" and FLAGS[i - 1] == "--grader" else word
        for i, word in enumerate(FLAGS)
    ]
    done = program("filter_teacher", *flags)
    sys.modules.pop("tms.graders.exact_fake", None)
    assert done.returncode == 0, done.stderr
    counts = json.loads((tmp_path / "filter.json").read_text())["train"]
    assert (counts["kept"], counts["rejects"]) == (1, {"grader crash": 1, "grader limit": 1})
