"""Replay through Snakemake: general prompts of the user's own, answered once for all that replay them."""

import json
import shutil

import pytest

from tms.data.records.split import split_of
from tms.io import parquet

pytestmark = pytest.mark.slow
CONFIG = """
models:
  acme:
    {base: model, teacher: given, suite: acme, seeds: [0], replay: {task: daily}, tms: {num_checkpoints: 2},
    training: {epochs: 2, learning_rate: 1.0e-3, effective_batch: 8, device_batch: 8}}
suites: {acme: {targets: [faq], retention: []}}
tasks:
  faq:
    {kind: records, grader: none, train: 32, heldout: 4, test: 6, max_new_tokens: 16,
    options: {files: faq.jsonl}}
  daily:
    {kind: records, grader: none, train: 20, heldout: 1, test: 1, max_new_tokens: 12,
    options: {files: daily.jsonl, answers: none}}
experiments: {main: [sft, replay, replay_50]}
methods: {replay_50: {kind: replay, replay: {share: 0.5}}}
"""
ASKED = [f"Reset device {n}?" for n in range(80)]
SHARES = {"heldout": 0.1, "test": 0.1}
RUN = "results/acme/{}/faq/seed0/health.json"


def test_general_prompts_are_answered_once_and_none_of_them_is_a_test_row(another, tiny_model):
    folder = another.folder
    shutil.copytree(tiny_model, folder / "model")
    another.overlay("acme.yaml", CONFIG)
    faq = [{"prompt": prompt, "answer": "Hold key."} for prompt in ASKED]
    # A row of the test in other signs, which equals it, is left out.
    tested = next(prompt for prompt in ASKED if split_of(prompt, SHARES) == "test")
    spelled = (f"{tested.upper()}{'!' * count}" for count in range(99))
    hostile = next(text for text in spelled if split_of(text, SHARES) == "train")
    texts = [hostile, *(f"Say {n} words." for n in range(28))]
    train = sum(split_of(text, SHARES) == "train" for text in texts)
    for name, lines in (("faq", faq), ("daily", [{"prompt": text} for text in texts])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    test = sum(split_of(text, SHARES) == "test" for text in ASKED)
    sizes = f"tasks: {{daily: {{train: {train}}}, faq: {{test: {test}}}}}"
    configs = ("acme.yaml", another.overlay("size.yaml", sizes))

    done = another.snakemake(RUN.format("replay"), configs=configs, smoke=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    answers = parquet.read(folder / "results/acme/general/daily.parquet", parquet.COMPLETIONS)
    assert len(answers) == train - 1
    assert hostile not in {row["prompt"] for row in answers}
    health = json.loads((folder / RUN.format("replay")).read_text())
    assert set(health["planned"]) == {"teacher", "general"}
    assert 0 < health["planned"]["general"] < 32 and sum(health["planned"].values()) == 64
    cut = {row["example_id"] for row in answers if row["finish_reason"] == "length"}
    assert health["cut"].get("general", 0) > 0 or not cut

    # Another share, and another seed, ask for no further answer.
    counts, _ = another.plan(RUN.format("replay_50"), configs=configs, smoke=False)
    assert counts == {"train_sft": 1}
    target = RUN.format("replay").replace("seed0", "seed1")
    counts, _ = another.plan(target, configs=configs, smoke=False)
    assert counts == {"train_sft": 1}
