"""The pilot of tool use through Snakemake: a model that calls a calculator, from its base to Table 8."""

import csv

import pytest

from tms.io import parquet
from tms.io.conversation import read_context
from tms.io.token_ids import own_tokens
from tms.tool_use.environment import observe
from tms.tool_use.turns import made_calls, read_turns

pytestmark = pytest.mark.slow
CONFIG = """
models:
  tiny_tools:
    {tms: {num_checkpoints: 2}, on_policy: {samples: 2, kl_rows: 4}, drift: {prompts: 4, samples: 1}}
experiments: {main: [sft, grpo, reinforce, tms, trapo]}
training: {epochs: 1}
tasks:
  calculate: {train: 64, heldout: 16, test: 24}
  facts: {test: 12}
  refusal: {test: 12}
"""
RUN = "results/tiny_tools/{}/calculate/seed0"


def test_methods_call_a_calculator(another):
    config = another.overlay("tools.yaml", CONFIG)
    done = another.snakemake("results/tiny_tools/pilots.csv", configs=(config,), smoke=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    with (another.folder / "results/tiny_tools/pilots.csv").open(newline="") as stream:
        rows = {row["method"]: row for row in csv.DictReader(stream)}
    assert rows.keys() == {
        "Base",
        "SFT",
        "GRPO",
        "REINFORCE",
        "TMS",
    }  # TRAPO's rollouts begin with a reference
    assert all(0 <= float(row["calculate"]) <= 1 for row in rows.values())

    harvest = another.folder / RUN.format("tms") / "harvest/part-1of1.parquet"
    harvested = parquet.read(harvest, parquet.COMPLETIONS)
    called = 0
    for row in harvested:
        turns, context = read_turns(row["completion"]), read_context(row["context"])
        answers = [turn["content"] for turn in turns if turn["role"] == "tool" and turn["name"]]
        assert answers == [observe(call, context) for call in made_calls(turns)]
        told = sum(turn["role"] == "tool" for turn in turns)
        assert (own_tokens(row["completion_ids"]) < len(row["completion_ids"])) == (told > 0)
        called += told > 0
    assert called > len(harvested) / 4
    for method, rollouts in (("grpo", 64), ("reinforce", 32)):
        curve = parquet.read(another.folder / RUN.format(method) / "curve.parquet", parquet.CURVE)
        assert len(curve) == 2 and all(step["rollouts"] == rollouts for step in curve)
