"""Our models that stand for the paper's and the inputs of the comparison, on the shipped configurations."""

import json

import pytest
import yaml
from helpers.paths import CONFIG, PAPER
from snakemake.utils import update_config

from tms.paper import stand_ins
from tms.paper.numbers import MODELS, read


def configuration(*names):
    merged = {}
    for name in names:
        update_config(merged, yaml.safe_load((CONFIG / f"{name}.yaml").read_text()))
    return merged


def test_the_paper_s_models_stand_for_themselves_and_the_miniature_for_none():
    config = configuration("config")
    assert stand_ins.stand_ins(config, [*MODELS, "tiny"]) == {name: name for name in MODELS}


def test_a_literal_model_stands_for_the_paper_s():
    config = configuration("config", "paper_literal")
    assert stand_ins.stand_ins(config, ["qwen3b_literal", "tiny"]) == {"qwen3b_literal": "qwen3b"}


def test_only_experiments_that_a_model_has_and_the_paper_prints():
    config = configuration("config")
    config["models"]["qwen3b"]["experiments"] = ["main", "windows", "alpha"]
    config["models"]["llama1b"]["experiments"] = ["main", "diversity"]
    assert stand_ins.cell_files(config, ["tiny", "qwen3b", "llama1b"]) == [
        "results/qwen3b/cells/main.parquet",
        "results/qwen3b/cells/windows.parquet",
        "results/llama1b/cells/main.parquet",
        "results/llama1b/cells/diversity.parquet",
    ]


@pytest.mark.parametrize("suffix, configs", [("", ["config"]), ("_literal", ["config", "paper_literal"])])
def test_training_settings_are_table_4_s(suffix, configs):
    """Table 4's, in both configurations; Table 5's tensor parallelism only to the letter.

    Four rows of 5,120 tokens do not fit on a card with an unsharded model (`make memory`), so the two of them
    take fewer at a time, and as many more times.
    """
    config = configuration(*configs)
    printed = [n for n in read(PAPER) if n.table == "table4_5"]
    values = stand_ins.own_settings(config, [f"{name}{suffix}" for name in {n.model for n in printed}])
    unequal = {(n.model, n.quantity) for n in printed if values[f"{n.model}{suffix}", n.quantity] != n.value}
    parallel = {(n.model, n.quantity) for n in printed if n.quantity == "tensor_parallel"}
    split = {
        (model, name)
        for model in ("llama1b", "qwen1.5b")
        for name in ("batch_per_device", "grad_accumulation")
    }
    assert unequal - parallel == split
    assert bool(unequal & parallel) == (suffix == "")


def test_flags_can_be_read_back():
    flags = stand_ins.flag_values(configuration("config"), ["qwen7b"])
    assert flags["models"] == ["qwen7b=qwen7b"]
    assert "qwen7b/learning_rate=5e-06" in flags["settings"]
    assert "qwen7b/math=data/math/paper/contamination.json" in flags["contamination"]
    assert json.loads(flags["suites"][0].partition("=")[2])["views"] == {"math500": "math"}
    assert stand_ins.flag_values(configuration("config"), ["tiny"]) == {
        "models": [],
        "settings": [],
        "cells": [],
        "suites": [],
        "contamination": [],
    }


def test_tables_4_and_5_name_the_rate_that_is_trained_with():
    config = configuration("config")
    config["methods"]["sft"]["training"] = config["methods"]["sft"].get("training", {}) | {
        "learning_rate_scale": 0.3
    }
    config["training"]["learning_rate"] = 1.23456789e-05
    config["models"]["tiny"]["training"] = {}
    (row,) = stand_ins.grouped_settings(config, "tiny")
    assert row["learning_rate"] == pytest.approx(3.70370367e-06, rel=1e-9)
    assert row["tasks"] == ["mini_countdown", "chain"]
    config["models"]["qwen7b"]["training"] = {}
    flags = stand_ins.flag_values(config, ["qwen7b"])["settings"]
    rate = next(flag for flag in flags if flag.startswith("qwen7b/learning_rate="))
    assert float(rate.partition("=")[2]) == pytest.approx(3.70370367e-06, rel=1e-9)


def test_targets_with_their_own_settings_have_their_own_row():
    config = configuration("config")
    config["tasks"]["chain"]["training"] = {"epochs": 7}
    assert [(row["tasks"], row["epochs"]) for row in stand_ins.grouped_settings(config, "tiny")] == [
        (["mini_countdown"], 2),
        (["chain"], 7),
    ]
