"""The user's own file as an input by content: what an edit of it reruns, and what is generated again."""

import json
import os
import shutil

import pytest

from tms.data.records.split import split_of
from tms.io import parquet

pytestmark = pytest.mark.slow
CONFIG = """
models:
  acme:
    {base: model, teacher: given, suite: acme, seeds: [0], tms: {num_checkpoints: 2},
    training: {learning_rate: 1.0e-3, effective_batch: 8}}
suites: {acme: {targets: [faq], retention: []}}
tasks:
  faq:
    {kind: records, grader: none, train: 32, heldout: 4, test: 6, max_new_tokens: 8,
    options: {files: faq.jsonl}}
experiments: {main: [sft, tms]}
"""
TARGETS = ("data/faq/acme/given/references.parquet", "results/acme/base/generations.parquet")
SHARES = {"heldout": 0.1, "test": 0.1}
ROWS = [{"prompt": f"Reset device {n}?", "answer": f"Hold key {n}."} for n in range(80)]
PREPARED = {"prepare": 3, "decontaminate": 1, "contamination_gate": 1, "teacher": 1, "filter_teacher": 1}
ALL = PREPARED | {"generate": 1}


def write(project, rows, name="faq.jsonl"):
    (project.folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_an_edited_row_reruns_what_follows_and_generates_only_what_is_missing(another, tiny_model):
    shutil.copytree(tiny_model, another.folder / "model")
    another.overlay("acme.yaml", CONFIG)
    write(another, ROWS)
    faq = another.folder / "faq.jsonl"

    def run():
        done = another.snakemake(*TARGETS, configs=("acme.yaml",), smoke=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return (another.folder / "logs/generate/acme/base.log").read_text()

    def planned():
        jobs = another.snakemake("--dry-run", *TARGETS, configs=("acme.yaml",), smoke=False)
        assert jobs.returncode == 0, jobs.stderr
        return {
            name: jobs.stdout.count(f"rule {name}:\n") for name in ALL if f"rule {name}:\n" in jobs.stdout
        }

    def generated():
        rows = parquet.read(another.folder / TARGETS[1], ["example_id", "prompt", "completion_ids"])
        return {row["prompt"]: row for row in rows}

    assert planned() == ALL
    assert "6 rows, 0 of 6 stored, 6 to generate" in run()
    before = generated()
    assert planned() == {}

    os.utime(faq)
    assert planned() == {}
    write(another, ROWS[:-1], "other.jsonl")
    now = faq.stat()
    shutil.copy(faq, another.folder / "before.jsonl")
    shutil.copy(another.folder / "other.jsonl", faq)
    os.utime(faq, ns=(now.st_atime_ns, now.st_mtime_ns - 10**12))  # older than what it made, as by `cp -p`
    assert planned() == ALL
    shutil.copy(another.folder / "before.jsonl", faq)
    assert planned() == {}

    # A prompt of the test and an answer of the training rows are edited, and the file's order is another one.
    asked = next(row["prompt"] for row in ROWS if row["prompt"] in before)
    new = next(text for n in range(999) if split_of(text := f"Reset machine {n}?", SHARES) == "test")
    references = parquet.read(another.folder / TARGETS[0], ["prompt", "completion"])
    taught = references[0]["prompt"]
    edited = {asked: {"prompt": new}, taught: {"answer": "Call us."}}
    write(another, [row | edited.get(row["prompt"], {}) for row in reversed(ROWS)])
    assert planned() == ALL
    assert "1 to generate" in run()
    after = generated()
    kept = before.keys() & after.keys()
    assert len(kept) >= 5 and {name: before[name] for name in kept} == {name: after[name] for name in kept}
    changed = parquet.read(another.folder / TARGETS[0], ["prompt", "completion"])
    assert [row for row in changed if row["prompt"] != taught] == references[1:]
    assert next(row for row in changed if row["prompt"] == taught)["completion"] == "Call us."
    assert planned() == {}


def test_faults_of_the_data_stop_the_run_with_a_line_each(another, tiny_model):
    shutil.copytree(tiny_model, another.folder / "model")
    another.overlay("acme.yaml", CONFIG)
    write(another, [*ROWS, ROWS[3], {"prompt": "p", "answer": ""}])
    done = another.snakemake("data/faq/train.parquet", configs=("acme.yaml",), smoke=False)
    assert done.returncode != 0
    log = (another.folder / "logs/prepare/faq/train.log").read_text().splitlines()
    assert log == [
        "error: tasks.faq.train: faq.jsonl, line 81: the same prompt as line 4; remove one, or set "
        "options.duplicates: first",
        "error: tasks.faq.train: faq.jsonl, line 82: the answer is empty; write one, or remove the row",
    ]
    (another.folder / "faq.jsonl").unlink()
    done = another.snakemake("--dry-run", "results/acme/tms/table.csv", configs=("acme.yaml",), smoke=False)
    assert (
        "error: config: tasks.faq.options.files: no file faq.jsonl; correct it" in done.stderr + done.stdout
    )
