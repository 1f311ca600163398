"""The pilot of images through Snakemake: a model that reads pictures, from its base to Table 8."""

import csv

import pytest

from tms.io import parquet
from tms.io.conversation import read_context

pytestmark = pytest.mark.slow
CONFIG = """
models:
  tiny_images:
    {tms: {num_checkpoints: 2}, on_policy: {samples: 2, kl_rows: 4}, drift: {prompts: 4, samples: 1}}
experiments: {main: [sft, grpo, tms]}
training: {epochs: 1}
tasks:
  word_pairs: {train: 64, heldout: 16, test: 24}
  words: {test: 12}
  facts: {test: 12}
  refusal: {test: 12}
"""
RUN = "results/tiny_images/{}/word_pairs/seed0"


def test_methods_read_words_in_pictures(another):
    config = another.overlay("images.yaml", CONFIG)
    done = another.snakemake("results/tiny_images/pilots.csv", configs=(config,), smoke=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    with (another.folder / "results/tiny_images/pilots.csv").open(newline="") as stream:
        rows = {row["method"]: row for row in csv.DictReader(stream)}
    assert rows.keys() == {"Base", "SFT", "GRPO", "TMS"}
    assert all(0 <= float(row["word_pairs"]) <= 1 for row in rows.values())

    columns = [*parquet.PREPARED, "images"]
    data = another.folder / "data/word_pairs"  # held-out prompts have a mixture too
    prepared = [
        row for part in ("train", "heldout") for row in parquet.read(data / f"{part}.parquet", columns)
    ]
    digests = {tuple(read_context(row["context"]).images) for row in prepared}
    harvest = another.folder / RUN.format("tms") / "harvest/part-1of1.parquet"
    harvested = parquet.read(harvest, parquet.COMPLETIONS)
    assert {tuple(read_context(row["context"]).images) for row in harvested} <= digests
    assert all(min(row["completion_ids"]) >= 0 for row in harvested)
    read = [row["completion"].rstrip(".").split()[-1] for row in harvested if row["completion"].strip()]
    assert sum(word.isupper() and 3 <= len(word) <= 4 for word in read) > len(harvested) / 2
    curve = parquet.read(another.folder / RUN.format("grpo") / "curve.parquet", parquet.CURVE)
    assert len(curve) == 2 and all(step["rollouts"] == 64 for step in curve)
