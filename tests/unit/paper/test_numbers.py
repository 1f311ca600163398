"""The paper's printed numbers: they agree with each other, but for what the README of the files says."""

import csv
from collections import Counter
from decimal import Decimal

import pytest
import yaml
from helpers.paths import CONFIG, PAPER

from tms.io.errors import InputError
from tms.paper import numbers
from tms.paper.numbers import MODELS, PILOTS, RETENTION, TARGETS

FOLDER = PAPER
PRINTED = numbers.read(FOLDER)
KEYS = {"table1": ["step"], "table7": ["sampling"], "table4_5": ["model"]}


def table(name):
    with (FOLDER / f"{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def by_run(name):
    return {(line["model"], line["method"]): line for line in table(name)}


def as_printed(number):
    """The magnitude that stands in the file: percent, nats, or a setting."""
    whole = number.table == "table4_5" or "nll" in number.quantity or number.quantity == "ans_ent"
    return abs(Decimal(repr(number.value))) * (1 if whole else 100)


def test_the_experiments_hold_every_method_that_the_paper_prints():
    """Else our column of `compare.csv` would stay empty; Table 8's cross-task drop is of no named model."""
    experiments = yaml.safe_load((CONFIG / "config.yaml").read_text())["experiments"]
    asked = {(number.experiment, number.where["method"]) for number in PRINTED if number.experiment}
    assert {("main", "grpo"), ("main", "reinforce"), ("diversity", "grpo")} <= asked
    for experiment, method in asked:
        assert method in ["base", *experiments[experiment]]
    assert {number.table for number in PRINTED if not number.experiment} == {"table4_5", "table8"}


def test_every_number_of_every_file_is_read_once():
    for path in sorted(FOLDER.glob("*.csv")):
        keys = KEYS.get(path.stem, ["model", "method"])
        cells = [
            text for line in table(path.stem) for name, text in line.items() if name not in keys and text
        ]
        numbers = [number for number in PRINTED if number.table == path.stem]
        assert Counter(map(as_printed, numbers)) == Counter(abs(Decimal(text)) for text in cells)
    assert {number.table for number in PRINTED} == {path.stem for path in FOLDER.glob("*.csv")}
    names = Counter((number.table, number.model, number.method, number.quantity) for number in PRINTED)
    assert max(names.values()) == 1


def test_shares_signs_and_units():
    printed = {(n.table, n.model, n.method, n.quantity): n for n in PRINTED}
    assert printed["table9", "qwen3b", "tms", "math"].value == 0.811
    assert printed["table9", "qwen3b", "tms", "xfer"].value == -0.023
    assert printed["table9", "qwen3b", "sft", "delta.arc_c"].value == -0.378
    assert printed["table9", "qwen7b", "grpo", "delta.safetybench"].value == 0.003
    assert printed["table7", "qwen3b", "tms_early", "xfer"].value == -0.045
    assert printed["table7", "qwen3b", "tms", "target_mean"].value == 0.708
    assert printed["table6", "qwen7b", "sft", "wildguard_asr"].value == 0.438
    assert printed["table6", "qwen7b", "sft", "wildguard_asr"].complement
    assert not printed["table6", "qwen7b", "sft", "safetybench"].complement
    assert printed["table2", "qwen1.5b", "base", "ans_ent"].value == 2.45
    assert printed["table2", "qwen1.5b", "base", "pass_at_k"].value == 0.62
    assert printed["table1", "qwen1.5b", "sft", "val_nll.per_token at step 2000"].value == 0.67
    assert printed["table1", "qwen1.5b", "sft", "arc_c at step 5000"].value == 0.452
    assert printed["table4_5", "qwen7b", "", "learning_rate"].value == 5e-6
    assert ("table9", "qwen3b", "base", "xfer") not in printed  # the base's row prints a dash


def test_changes_are_the_difference_of_their_rows_but_for_two():
    rows = by_run("table9")
    odd = {
        (model, method, name): (
            line[f"{name}_delta"],
            Decimal(line[name]) - Decimal(rows[model, "base"][name]),
        )
        for (model, method), line in rows.items()
        for name in RETENTION
        if method != "base"
        and Decimal(line[f"{name}_delta"]) != Decimal(line[name]) - Decimal(rows[model, "base"][name])
    }
    assert odd == {
        ("qwen1.5b", "grpo", "safetybench"): ("1.3", Decimal("1.2")),
        ("qwen1.5b", "tms", "arc_c"): ("-1.4", Decimal("-1.5")),
    }
    noted = {(n.model, n.method, n.quantity) for n in PRINTED if "its own rows differ" in n.note}
    assert noted == {(model, method, f"delta.{name}") for model, method, name in odd}


def test_tables_agree_where_they_print_the_same():
    nine = by_run("table9")
    for (model, method), line in by_run("table6").items():
        assert line["safetybench"] == nine[model, method]["safetybench"]
    for line in table("table2"):
        assert line["pass_at_1"] == nine["qwen1.5b", line["method"]]["math"]
    first = table("table1")[0]
    assert (first["math_acc"], first["arc_c_acc"]) == (
        nine["qwen1.5b", "base"]["math"],
        nine["qwen1.5b", "base"]["arc_c"],
    )
    # Table 7's average is over the six columns, Math-500 included.
    uniform = next(line for line in table("table7") if line["sampling"] == "uniform")
    mean = sum(Decimal(nine["qwen3b", "tms"][name]) for name in TARGETS) / 6
    assert round(mean, 1) == Decimal(uniform["avg_target"])
    assert uniform["cross_task_drop"] == nine["qwen3b", "tms"]["xfer"].removeprefix("-")


def test_table2_breaks_the_vote_s_bound():
    broken = {
        line["method"] for line in table("table2") if Decimal(line["sc_acc"]) > Decimal(line["pass_at_100"])
    }
    assert broken == {"sft", "grpo"}
    noted = {(n.method, n.quantity) for n in PRINTED if "no set of samples" in n.note}
    assert noted == {(method, quantity) for method in broken for quantity in ("sc_acc", "pass_at_k")}


def test_an_impossible_mean_of_drops():
    noted = [(n.model, n.method, n.quantity) for n in PRINTED if "no mean of drops" in n.note]
    assert noted == [("llama1b", "final_sft", "xfer")]
    assert all(
        "aggregation unknown" in n.note for n in PRINTED if n.quantity == "xfer" and n.table != "table8"
    )


def test_effective_batches_are_of_eight_cards():
    for line in table("table4_5"):
        assert int(line["batch_per_device"]) * int(line["grad_accumulation"]) * 8 == int(
            line["effective_batch"]
        )


def test_models_and_repositories_are_the_config_s():
    config = yaml.safe_load((CONFIG / "config.yaml").read_text())
    for model, repo in MODELS.items():
        download = config["models"][model]["base"].removeprefix("models/hub/")
        assert config["downloads"][download]["repo"] == repo


def test_the_pilots_have_a_model_of_the_config_whose_suite_is_that_pilot():
    config = yaml.safe_load((CONFIG / "config.yaml").read_text())
    table8 = [number for number in PRINTED if number.table == "table8" and number.experiment]
    assert {(number.model, number.quantity) for number in table8} == {
        ("qwen7b_tools", "toolalpaca"),
        ("qwen_omni3b", "textvqa"),
        ("qwen_omni3b", "docvqa"),
    }
    for model, pilot in PILOTS.items():
        suite = config["suites"][config["models"][model]["suite"]]
        asked = [number.quantity for number in table8 if (number.model, number.method) == (model, "base")]
        assert suite["pilot"] == pilot and suite["targets"] == asked
    of_tools = [number for number in table8 if number.model == "qwen7b_tools"]
    assert all("a judge's verdict on all 100" in number.note for number in of_tools)
    of_images = [number for number in table8 if number.model == "qwen_omni3b"]
    assert all("on the validation splits" in number.note for number in of_images)
    by_method = {number.method: number.value for number in of_images if number.quantity == "docvqa"}
    assert by_method == {"base": 0.933, "sft": 0.962, "grpo": 0.963, "tms": 0.962}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"table1\.csv: no such file"):
        numbers.read(tmp_path)
