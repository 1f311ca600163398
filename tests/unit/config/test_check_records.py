"""Checks of tasks whose rows are the user's own files."""

import os
from pathlib import Path

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.check import check
from tms.config.stages import data
from tms.config.tasks import limit
from tms.data.records import content
from tms.io.errors import InputError

FAQ = {"kind": "records", "grader": "contains", "train": 8, "heldout": 2, "test": 2, "max_new_tokens": 16}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content.content.cache_clear()


def config(options, **keys):
    suites = SHIPPED["suites"] | {"acme": {"targets": ["faq"], "retention": []}}
    model = SHIPPED["models"]["tiny"] | {"suite": "acme", "teacher": "given", "experiments": ["main"]}
    return SHIPPED | {
        "tasks": SHIPPED["tasks"] | {"faq": FAQ | {"options": options} | keys},
        "suites": suites,
        "models": SHIPPED["models"] | {"acme": model},
    }


def faults(options, asked=(), **keys):
    try:
        check(config(options, **keys), list(asked))
    except InputError as error:
        return str(error).splitlines()
    return []


def test_a_task_without_limit_uses_its_whole_test():
    assert limit(config({"files": "faq.jsonl"}), "faq") == 2
    assert limit(config({"files": "faq.jsonl"}, limit=1), "faq") == 1
    assert faults({"files": "faq.jsonl"}) == []
    assert faults({"files": "faq.jsonl"}, limit=3) == [
        "config: tasks.faq.limit: 3 is more than the 2 examples of tasks.faq.test; raise test or lower limit"
    ]


def test_options_are_checked_with_the_configuration():
    assert faults({"file": "faq.jsonl", "train_on": "every"}) == [
        "config: tasks.faq.options: unknown key file; did you mean files?",
        "config: tasks.faq.options: give one of files (a path) and hub (a data set)",
        "config: tasks.faq.options.train_on: 'every' is none of last, all",
    ]
    assert faults({"files": "~/faq.jsonl"}) == [
        "config: tasks.faq.options.files: '~/faq.jsonl': write the whole path (no ~)"
    ]
    assert "Snakemake, datasets and vLLM take {" in faults({"files": "faq{x}.jsonl"})[0]
    assert faults({"files": {"test": "faq.jsonl"}}) == [
        f"config: tasks.faq.options.files has no {split}; add it, or leave tasks.faq.{split} out"
        for split in ("train", "heldout")
    ]
    assert faults({"files": "faq.jsonl", "split": {"test": 0}})[0].startswith(
        "config: tasks.faq.options.split.test is 0; give it a share"
    )


@pytest.mark.parametrize("path", ["data/faq/train.parquet", "./data/faq/x.jsonl", "results/../results/a.csv"])
def test_files_lie_outside_of_what_the_workflow_writes(path):
    (fault,) = faults({"files": path})
    assert fault.startswith("config: tasks.faq.options.files: ") and "writes and deletes files there" in fault
    assert faults({"files": "data/faq.jsonl"}) == faults({"files": "../results/faq.jsonl"}) == []


def test_missing_files_of_the_models_that_are_asked_for():
    Path("models/tiny/base").mkdir(parents=True)
    Path("a.csv").touch()
    missing = faults({"files": {"train": "a.csv", "test": "b.csv"}}, asked=["acme"])
    assert missing == [
        "config: tasks.faq.options.files.test: no file b.csv; correct it (a path begins at the folder in "
        "which snakemake is started)"
    ]
    assert faults({"files": {"train": "a.csv", "test": "b.csv"}}, asked=["tiny"]) == []


def test_files_are_flags_by_content():
    def flags(options):
        return data.prepare_flags(config(options), "faq", "train")

    Path("faq.jsonl").write_text("one")
    assert data.record_files(config({"files": "faq.jsonl"}), "faq", "train") == ["faq.jsonl"]
    assert data.record_files(SHIPPED, "chain", "train") == []
    assert "--contents" not in data.prepare_flags(SHIPPED, "chain", "train")
    before = flags({"files": "faq.jsonl"})
    assert before.endswith(
        "--contents 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed=faq.jsonl"
    )
    Path("faq.jsonl").write_text("two")
    assert flags({"files": "faq.jsonl"}) == before  # read once a process
    content.content.cache_clear()
    assert flags({"files": "faq.jsonl"}) != before
    os.mkfifo("pipe.jsonl")
    assert flags({"files": "pipe.jsonl"}).endswith("--contents missing=pipe.jsonl")
    assert flags({"files": "nowhere.jsonl"}).endswith("--contents missing=nowhere.jsonl")
    assert "--contents" not in flags({"hub": {"repo": "acme/faq"}})


def test_the_folder_of_local_copies_is_of_no_matter_to_files():
    with_root = config({"files": "faq.jsonl"}) | {"data": {"root": "/copies"}}
    assert "--data-root" not in data.prepare_flags(with_root, "faq", "train")
    with_root = config({"hub": {"repo": "acme/faq"}}) | {"data": {"root": "/copies"}}
    assert "--data-root /copies" in data.prepare_flags(with_root, "faq", "train")
