"""A template that loses what the user's own conversations hold is told before the first job."""

import json

import pytest
from helpers.chat_templates import with_template

from tms.planned_jobs.jobs import Job
from tms.preflight.conversations import faults

TURNS = [{"role": "user", "content": "1+1"}, {"role": "assistant", "content": "2"}]
SYSTEM = {"role": "system", "content": "Add."}
CONFIG = {
    "tasks": {
        "faq": {"kind": "records", "options": {"files": "faq.jsonl"}},
        "plain": {"kind": "records", "options": {"files": "plain.jsonl"}},
        "faq+plain": {"kind": "joint"},
        "hub": {"kind": "records", "options": {"hub": {"repo": "owner/name"}}},
        "arc": {"kind": "arc"},
    }
}


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [[SYSTEM, *TURNS], [*TURNS, {"role": "user", "content": "2+2"}, TURNS[1]]]
    (tmp_path / "faq.jsonl").write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    (tmp_path / "plain.jsonl").write_text(json.dumps({"prompt": "1+1", "answer": "2"}) + "\n")


@pytest.fixture
def gemma(tiny_model, tmp_path):
    return str(with_template(tiny_model, tmp_path / "gemma", "gemma2"))


@pytest.mark.parametrize(
    ("rule", "wildcards", "examples"),
    [
        ("train_sft", {"task": "faq"}, "data/faq/acme/given/references.parquet"),
        ("train_sft", {"task": "faq+plain"}, "data/faq+plain/acme/given/references.parquet"),
        ("teacher", {"task": "faq"}, "data/faq/acme/train.parquet"),
        ("generate_base", {"model": "acme"}, "data/faq/test.parquet"),
    ],
)
def test_whatever_job_reads_the_folder(gemma, rule, wildcards, examples):
    jobs = [Job(rule, wildcards, [gemma, examples], ["made"])] * 2
    (line,) = faults(jobs, CONFIG)
    assert line.startswith(f"{gemma}: its chat template fails on a prompt (System role not supported)")
    assert "(roles system, user)" in line and "\n" not in line


@pytest.mark.parametrize(
    ("rule", "task"), [("train_sft", "plain"), ("train_sft", "hub"), ("train_sft", "arc"), ("judge", "faq")]
)
def test_nothing_is_said_where_no_conversation_is_met(gemma, rule, task):
    assert faults([Job(rule, {"task": task}, [gemma, f"data/{task}/test.parquet"], ["made"])], CONFIG) == []


def test_a_template_that_keeps_them_and_files_with_faults_are_no_fault_here(gemma, tiny_model, tmp_path):
    assert faults([Job("train_sft", {"task": "faq"}, [str(tiny_model)], ["made"])], CONFIG) == []
    (tmp_path / "faq.jsonl").write_text("{")
    assert faults([Job("train_sft", {"task": "faq"}, [gemma], ["made"])], CONFIG) == []
