"""Inputs and flags of the comparison, the tables, the figures and the report."""

import copy
import hashlib
import json
import shlex

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import study
from tms.config.stages import figures
from tms.config.stages import report as page
from tms.io.errors import InputError


def test_cells_of_a_model():
    names = [
        *("main", "mixture", "windows", "checkpoints", "alpha", "frontier", "mismatch", "diversity"),
        *("theorem61", "correlations", "training_curves"),
    ]
    assert figures.model_cells(SHIPPED, "tiny") == [f"results/tiny/cells/{name}.parquet" for name in names]
    config = copy.deepcopy(SHIPPED)
    config["experiments"]["main"] = ["sft", "tms"]
    config["models"]["tiny"]["experiments"] = ["main", "windows"]
    # No on-policy run has a curve; the windows at matched accuracy are in the frontier's file.
    assert figures.model_cells(config, "tiny") == [
        f"results/tiny/cells/{name}.parquet"
        for name in ("main", "windows", "theorem61", "correlations", "frontier")
    ]


def test_scopes():
    assert figures.scope_models(SHIPPED, "all") == SHIPPED["table"]["models"]
    assert figures.scope_models(SHIPPED, "tiny") == ["tiny"]
    assert figures.comparison_file("all") == "results/compare.csv"
    assert figures.comparison_file("tiny") == "results/tiny/compare.csv"


def test_the_comparison_reads_the_models_that_stand_for_the_papers():
    assert figures.compare_flags(SHIPPED, "tiny") == (
        "--models --settings --cells --suites --contamination --only --paper workflow/resources/paper"
    )
    assert figures.compared_cells(SHIPPED, "qwen1.5b") == [
        f"results/qwen1.5b/cells/{name}.parquet" for name in ("main", "mismatch", "diversity")
    ]
    assert len(figures.compared_contamination(SHIPPED, "all")) == 25  # five models by five targets
    assert "--only" not in figures.compare_flags(SHIPPED, "all")


SCALES = {"sft_lr30": 0.3, "sft_lr10": 0.1, "tms_lr30": 0.3, "tms_lr10": 0.1}


def test_what_figures_and_tables_know_of_a_model():
    words = shlex.split(figures.table_flags(SHIPPED, "tiny"))
    assert words[0] == "--models" and words[2] == "--cells"
    info = json.loads(words[1].removeprefix("tiny="))
    assert sorted(info) == [
        "experiments",
        "kinds",
        "own",
        "parameters",
        "scales",
        "settings",
        "sides",
        "suite",
        "temperatures",
    ]
    assert info["own"]["sft_lr30"] == "learning rate x 0.3" and info["own"]["tms_late"] == "window late"
    assert "sft" not in info["own"] and "self_sft" not in info["own"]
    assert info["sides"] == SHIPPED["experiments"]["frontier"]
    assert info["scales"] == {name: share for name, share in SCALES.items() if name in info["kinds"]}
    assert info["temperatures"] == {}
    assert info["kinds"]["tms_trsft"] == "tms" and info["suite"] == SHIPPED["suites"]["miniature"]
    assert words[words.index("--contamination") + 1 :] == [
        "tiny/mini_countdown=data/mini_countdown/miniature/contamination.json",
        "tiny/chain=data/chain/miniature/contamination.json",
    ]


def test_a_temperature_of_rollouts_that_is_not_1_is_told():
    models = {"tiny": SHIPPED["models"]["tiny"] | {"on_policy": {"temperature": 0.3}}}
    chain = SHIPPED["tasks"]["chain"] | {"on_policy": {"temperature": 1.0}}
    config = SHIPPED | {"models": models, "tasks": SHIPPED["tasks"] | {"chain": chain}}
    found = json.loads(figures.model_info(config, "tiny"))["temperatures"]
    assert found == {name: {"mini_countdown": 0.3} for name in ("grpo", "reinforce", "trapo")}


def test_questions():
    config = SHIPPED | {"table": {"models": ["qwen1.5b", "tiny"]}}
    assert page.main_cells(config) == [
        "results/qwen1.5b/cells/main.parquet",
        "results/tiny/cells/main.parquet",
    ]
    suite = json.dumps(SHIPPED["suites"]["miniature"], sort_keys=True)
    assert shlex.split(page.questions_flags(config, "tiny")) == ["--model", "tiny", "--suite", suite]
    # All models of a table have the columns of the first.
    suite = json.dumps(SHIPPED["suites"]["paper"], sort_keys=True)
    assert shlex.split(page.questions_flags(config)) == ["--suite", suite]


def test_the_report_shows_the_runs_of_main():
    config = copy.deepcopy(SHIPPED)
    config["experiments"]["main"] = ["sft"]
    assert page.reported_rows(config, "tiny", "grades.parquet") == [
        "results/tiny/base/grades.parquet",
        "results/tiny/sft/mini_countdown/seed0/grades.parquet",
        "results/tiny/sft/chain/seed0/grades.parquet",
    ]
    words = shlex.split(page.report_flags(config, "tiny"))
    assert words[words.index("--base") :] == [
        *("--base", "results/tiny/base", "--runs"),
        "sft/mini_countdown/seed0=results/tiny/sft/mini_countdown/seed0",
        "sft/chain/seed0=results/tiny/sft/chain/seed0",
        *("--templates", "workflow/templates"),
    ]
    settings = json.loads(words[words.index("--settings") + 1])
    assert settings["teacher"] == SHIPPED["teachers"]["tiny_teacher"] and "seed" in settings["evaluation"]
    assert set(settings["tasks"]) == {"mini_countdown", "chain", "facts", "lookup", "refusal"}


def test_the_report_warns_of_every_run_that_is_chosen_from():
    chosen = {*SHIPPED["experiments"]["main"], *study.methods_of(SHIPPED["experiments"]["frontier"])}
    found = page.warning_files(SHIPPED, "tiny")
    assert set(found) == {f"results/tiny/{method}/warnings.json" for method in chosen}
    assert "results/tiny/sft_lr30/warnings.json" in found
    of_main = {f"results/llama1b/{method}/warnings.json" for method in SHIPPED["experiments"]["main"]}
    assert set(page.warning_files(SHIPPED, "llama1b")) == of_main


def test_an_answer_reads_the_frontier_where_the_model_has_it_and_the_cost_of_whatever_it_may_name():
    assert page.answer_cells(SHIPPED, "tiny") == [
        "results/tiny/cells/main.parquet",
        "results/tiny/cells/frontier.parquet",
    ]
    assert page.answer_cells(SHIPPED, "llama1b") == ["results/llama1b/cells/main.parquet"]
    tables, runs = (costs(SHIPPED, "tiny", "main") for costs in (page.answer_costs, page.answer_run_costs))
    asked = {*SHIPPED["experiments"]["main"], *study.methods_of(SHIPPED["experiments"]["frontier"])}
    other = {label.split("/")[0] for label in runs}
    assert {*tables} | other == asked and not {*tables} & other
    assert other == {"sft_lr30", "sft_lr10", "tms_lr30", "tms_lr10"}  # of no experiment with a table
    assert runs["sft_lr10/sft/chain/seed0"] == "results/tiny/sft_lr10/chain/seed0/train.cost.json"


def test_the_pair_is_sft_and_tms_of_any_model_whatever_its_experiments():
    config = copy.deepcopy(SHIPPED)
    assert page.answer_costs(config, "llama1b", "pair") == {
        name: f"results/llama1b/{name}/cost.csv" for name in ("sft", "tms")
    }
    assert page.answer_run_costs(config, "tiny", "pair") == {}
    words = shlex.split(page.answer_flags(config, "tiny", "pair"))
    assert "--report" not in words and "--run-costs" not in words
    # The same digest as the report prints.
    digest = words[words.index("--settings-digest") + 1]
    settings = shlex.split(page.report_flags(config, "tiny"))
    text = settings[settings.index("--settings") + 1]
    assert digest == hashlib.sha256(text.encode()).hexdigest()[:12]
    config["methods"] = {"grpo": config["methods"]["grpo"]}
    config["experiments"] = {"main": ["grpo"]}
    config["models"]["tiny"]["experiments"] = ["main"]
    with pytest.raises(InputError, match="neither of the methods sft and tms"):
        page.answer_costs(config, "tiny", "pair")
