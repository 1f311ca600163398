"""Options of the kind `records`."""

import pytest

from tms.data.records.options import ONE, read
from tms.io.errors import InputError


def test_defaults():
    options = read({"files": "faq.jsonl"})
    assert options.files == {ONE: "faq.jsonl"} and options.hub == {}
    assert (options.train_on, options.duplicates) == ("last", "refuse")
    assert options.shares == {"heldout": 0.1, "test": 0.1}


def test_files_and_shares():
    options = read({"files": {"test": "c.csv", "train": "a.json"}, "split": {"heldout": 0.2}})
    assert options.files == {"train": "a.json", "test": "c.csv"}
    assert options.shares == {"heldout": 0.2}  # the test has a file of its own
    assert [options.part(split) for split in ("train", "heldout", "test")] == ["train", "train", "test"]
    assert options.paths("heldout") == ["a.json"]
    assert read({"files": {"test": "c.csv"}}).paths("train") == []
    assert read({"hub": {"repo": "a/b"}}).paths("train") == []


def test_hub():
    assert read({"hub": {"repo": "acme/faq"}}).hub == {ONE: "train"}
    options = read(
        {"hub": {"repo": "acme/faq", "config": "c", "revision": "r", "splits": {"test": "validation"}}}
    )
    assert (options.repo, options.config, options.revision) == ("acme/faq", "c", "r")
    assert options.hub == {"test": "validation"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, ["options: give one of files (a path) and hub (a data set)"]),
        ({"files": "a.csv", "hub": {"repo": "a/b"}}, ["options: give one of files"]),
        ({"file": "a.csv"}, ["options: unknown key file; did you mean files?", "options: give one of"]),
        ({"files": None}, ["options.files: None is no path"]),
        ({"files": ["a.csv"]}, ["options.files: ['a.csv'] is no path"]),
        ({"files": "a.txt"}, ["options.files: 'a.txt' must end in .jsonl, .json, .csv, .parquet"]),
        ({"files": "a.jsonl.gz"}, ["must end in"]),
        ({"files": "a.csv", "answers": "no"}, ["options.answers: 'no' is none of required, none"]),
        (
            {"files": "a.csv", "answers": "none", "columns": {"prompt": "q", "gold": "g"}},
            ["options.columns.gold: with answers: none the rows are prompts alone; leave it out"],
        ),
        ({"files": {}}, ["options.files: empty; name a path"]),
        ({"files": {"tests": "a.csv"}}, ["options.files: unknown key tests; did you mean test?", "empty"]),
        ({"files": {"test": 1}}, ["options.files.test: 1 is no path"]),
        ({"hub": "a/b"}, ["options.hub: 'a/b' must be a mapping"]),
        ({"hub": {}}, ["options.hub.repo: None is no data set of the hub; write owner/name"]),
        ({"hub": {"repo": "../b"}}, ["options.hub.repo: '../b' is no data set"]),
        ({"hub": {"repo": "https://x/a/b"}}, ["options.hub.repo"]),
        ({"hub": {"repo": "a/b", "configuration": "c"}}, ["unknown key configuration; did you mean config?"]),
        ({"hub": {"repo": "a/b", "config": 3}}, ["options.hub.config: 3 must be text"]),
        ({"hub": {"repo": "a/b", "split": "x", "splits": {"test": "y"}}}, ["give split (one, which a hash"]),
        ({"hub": {"repo": "a/b", "splits": {"valid": "y"}}}, ["options.hub.splits: unknown key valid"]),
        ({"hub": {"repo": "a/b", "splits": {}}}, ["options.hub.splits: empty"]),
        ({"hub": {"repo": "a/b", "splits": {"test": 1}}}, ["options.hub.splits.test: 1 must be"]),
        (
            {"files": "a.csv", "columns": {"promt": "q"}},
            ["options.columns: unknown key promt; did you mean prompt?"],
        ),
        ({"files": "a.csv", "columns": {"prompt": 1}}, ["options.columns.prompt: 1 must be the name"]),
        (
            {"files": "a.csv", "columns": {"prompt": "q", "messages": "m"}},
            ["give messages, or prompt and answer"],
        ),
        ({"files": "a.csv", "columns": ["q"]}, ["options.columns: ['q'] must be a mapping"]),
        ({"files": "a.csv", "train_on": "every"}, ["options.train_on: 'every' is none of last, all"]),
        ({"files": "a.csv", "train_on": ["all"]}, ["options.train_on: ['all'] is none of last, all"]),
        (
            {"files": "a.csv", "train_on": "all", "columns": {"gold": "g"}},
            ["options.columns.gold: with train_on"],
        ),
        ({"files": "a.csv", "duplicates": True}, ["options.duplicates: True is none of refuse, first"]),
        ({"files": "a.csv", "split": {"train": 0.8}}, ["options.split: unknown key train"]),
        ({"files": "a.csv", "split": {"test": 2}}, ["options.split.test: 2 must be a share from 0 to 1"]),
        ({"files": "a.csv", "split": {"test": "0.1"}}, ["options.split.test: '0.1' must be a share"]),
        ({"files": "a.csv", "split": {"test": True}}, ["options.split.test: True must be a share"]),
        ({"files": "a.csv", "split": {"test": float("nan")}}, ["options.split.test: nan must be a share"]),
        ({"files": "a.csv", "split": {"test": 0.6, "heldout": 0.6}}, ["sum to more than 1; lower them"]),
        ({"files": {"train": "a.csv", "test": "b.csv"}, "split": {"test": 0.1}}, ["has a file of its own"]),
        ("a.csv", ["options: 'a.csv' must be a mapping"]),
    ],
)
def test_every_fault_is_a_line_with_its_key(options, says):
    with pytest.raises(InputError) as raised:
        read(options)
    lines = str(raised.value).splitlines()
    assert len(lines) == len(says), lines
    for line, words in zip(lines, says, strict=True):
        assert line.startswith("options") and words in line
