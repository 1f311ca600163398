"""The paper's numbers beside ours: signs, complements, intervals, and why a cell is not measured."""

import csv
import json
from collections import Counter

import pytest
from helpers.paths import PAPER

from tms.experiments import cells
from tms.paper.comparison import interval
from tms.paper.numbers import read as read_printed


def own(experiment, method, quantity, value, low=None, high=None, **others):
    given = {"method": method, "ci_low": low, "ci_high": high} | others
    return cells.cell(experiment, given.pop("model", "qwen1.5b"), quantity, value, **given)


CELLS = [
    own("main", "tms", "math", 0.63, 0.61, 0.65),  # the paper: 0.628
    own("main", "tms", "math", 0.99, 0.98, 1.0, train_task="math"),  # of one task's runs: not the column
    own("main", "tms", "xfer", -0.05, -0.06, -0.04),  # the paper: -0.029
    own("main", "sft", "math", 0.70, 0.69, 0.71, seeds_low=0.6, seeds_high=0.8),  # 0.624
    own("main", "base", "math", 0.5, 0.48, 0.52),
    own("main", "tms", "delta.arc_c", -0.014, -0.02, 0.0),
    own("main", "tms", "gsm8k", None, note="no rows of this benchmark"),
    own("main", "tms", "ifeval", 0.544),  # without an interval
    own("main", "tms", "wildguard", 0.65, 0.6, 0.69, model="mine"),  # Table 6 of qwen3b: ASR 0.542
    own("main", "tms", "math500_literal", 0.778, 0.7, 0.8, model="mine"),
    own("windows", "tms_early", "target_mean", 0.6, 0.55, 0.65, model="mine"),  # 0.647
    own("windows", "tms_early", "xfer", -0.045, -0.05, -0.04, model="mine"),  # -0.045
    own("diversity", "sft", "pass_at_k", 0.7, 0.65, 0.72, train_task="math", x=100),  # 0.66
    own("diversity", "sft", "pass_at_1", 0.6, 0.55, 0.65, train_task="math", x=100),
    own("diversity", "tms", "sc_acc", 0.7, 0.6, 0.8, train_task="math", x=8),
    own("main", "grpo", "math", 0.64, 0.62, 0.66),  # 0.635
    own("main", "reinforce", "xfer", -0.05, -0.06, -0.04),  # -0.034
    own("main", "grpo", "wildjailbreak", 0.2, 0.15, 0.25, model="mine"),  # Table 6 of qwen3b: ASR 0.837
    own("diversity", "grpo", "sc_acc", 0.7, 0.68, 0.72, train_task="math", x=100),  # 0.752
    own("diversity", "base", "pass_at_1", 0.48, 0.4, 0.5, train_task="math", x=100),
    own("mismatch", "sft_long", "val_nll.per_token", 0.9, 0.8, 1.0, train_task="math", x=480),
    own("mismatch", "sft_long", "val_nll.per_token", 0.5, 0.4, 0.6, train_task="math", x=960, note="minimum"),
    own(
        "mismatch", "sft_long", "val_nll.per_token", 1.9, 1.8, 2.0, train_task="math", x=0, checkpoint="0of1"
    ),
]
COMMON = ["--paper", PAPER, "--cells", "cells.parquet", "--output", "compare.csv"]
BOTH = ["--models", "qwen1.5b=qwen1.5b", "mine=qwen3b"]


@pytest.fixture
def compared(program, tmp_path):
    cells.write(tmp_path / "cells.parquet", CELLS, {})

    def run(*words):
        done = program("compare", *COMMON, *words)
        assert done.returncode == 0, done.stderr
        with (tmp_path / "compare.csv").open(newline="") as stream:
            return {(r["table"], r["model"], r["method"], r["quantity"]): r for r in csv.DictReader(stream)}

    return run


def numbers(row):
    return [row[name] for name in ("paper", "ours", "ci_low", "ci_high", "difference", "inside")]


def test_scores_signs_and_intervals(compared):
    rows = compared(*BOTH)
    math = rows["table9", "qwen1.5b", "tms", "math"]
    assert numbers(math) == ["0.6280", "0.6300", "0.6100", "0.6500", "0.0020", "yes"]
    assert math["note"] == "interval over test examples"
    xfer = rows["table9", "qwen1.5b", "tms", "xfer"]
    assert numbers(xfer) == ["-0.0290", "-0.0500", "-0.0600", "-0.0400", "-0.0210", "no"]
    assert "aggregation unknown" in xfer["note"]
    sft = rows["table9", "qwen1.5b", "sft", "math"]  # outside over examples, inside over seeds
    assert numbers(sft) == ["0.6240", "0.7000", "0.5995", "0.8005", "0.0760", "yes"]
    assert sft["note"] == "interval over test examples and seeds"
    assert numbers(rows["table9", "qwen1.5b", "tms", "ifeval"]) == [
        "0.5440",
        "0.5440",
        "",
        "",
        "0.0000",
        "not measured",
    ]


def test_rows_of_the_on_policy_methods_are_filled(compared):
    rows = compared(*BOTH)
    grpo = rows["table9", "qwen1.5b", "grpo", "math"]
    assert numbers(grpo) == ["0.6350", "0.6400", "0.6200", "0.6600", "0.0050", "yes"]
    reinforce = rows["table9", "qwen1.5b", "reinforce", "xfer"]
    assert numbers(reinforce) == ["-0.0340", "-0.0500", "-0.0600", "-0.0400", "-0.0160", "no"]
    attacks = rows["table6", "mine", "grpo", "wildjailbreak_asr"]
    assert numbers(attacks) == ["0.8370", "0.8000", "0.7500", "0.8500", "-0.0370", "yes"]
    vote = rows["table2", "qwen1.5b", "grpo", "sc_acc"]
    assert numbers(vote) == ["0.7520", "0.7000", "0.6800", "0.7200", "-0.0520", "no"]


def test_attack_success_is_the_complement_of_our_score(compared):
    row = compared(*BOTH)["table6", "mine", "tms", "wildguard_asr"]
    assert numbers(row) == ["0.5420", "0.3500", "0.3100", "0.4000", "-0.1920", "no"]
    assert "ours is 1 - score" in row["note"]


def test_windows_and_literal_names(compared):
    rows = compared(*BOTH)
    assert numbers(rows["table7", "mine", "tms_early", "target_mean"])[-1] == "yes"
    assert numbers(rows["table7", "mine", "tms_early", "xfer"])[:2] == ["-0.0450", "-0.0450"]
    assert rows["table9", "mine", "tms", "math500"]["ours"] == "0.7780"


def test_pass_at_k_needs_the_same_k(compared):
    rows = compared(*BOTH)
    assert numbers(rows["table2", "qwen1.5b", "sft", "pass_at_k"])[-1] == "yes"
    other = rows["table2", "qwen1.5b", "tms", "sc_acc"]
    assert (other["ours"], other["inside"]) == ("", "not measured")
    assert other["note"] == "measured at K = 8, the paper at 100"


def test_the_long_run_by_its_nearest_step(compared):
    rows = compared(*BOTH)
    long_run = {
        step: rows["table1", "qwen1.5b", "sft", f"val_nll.per_token at step {step}"]
        for step in (0, 500, 1000, 2000)
    }
    assert [row["ours"] for row in long_run.values()] == ["1.9000", "0.9000", "0.5000", ""]
    assert "ours at step 480" in long_run[500]["note"]
    assert "minimum" in long_run[1000]["note"]
    assert "no checkpoint near step 2000; the nearest is at 960" in long_run[2000]["note"]


@pytest.mark.parametrize(
    "place, note",
    [
        (("table9", "qwen1.5b", "self_sft", "math"), "qwen1.5b has no method self_sft in experiment main"),
        (("table9", "qwen1.5b", "reinforce", "math"), "qwen1.5b has no math in experiment main"),
        (("table9", "qwen1.5b", "tms", "mmlu"), "qwen1.5b has no mmlu in experiment main"),
        (("table9", "qwen1.5b", "tms", "gsm8k"), "no rows of this benchmark"),
        (("table9", "llama8b", "tms", "gsm8k"), "no model of table.models stands for llama8b"),
        (("table1", "qwen1.5b", "sft", "math at step 500"), "qwen1.5b has no math of a run trained on math"),
        (("table2", "qwen1.5b", "grpo", "pass_at_1"), "qwen1.5b has no pass_at_1 of a run trained on math"),
        (("table8", "qwen7b_tools", "sft", "toolalpaca"), "no model of table.models stands for qwen7b_tools"),
        (("table8", "", "sft", "xfer"), "of which pilot is not stated"),
        (("table4_5", "qwen1.5b", "", "learning_rate"), "models.qwen1.5b leaves it open"),
    ],
)
def test_what_is_not_measured_says_why(compared, place, note):
    row = compared(*BOTH)[place]
    assert (row["ours"], row["difference"], row["inside"]) == ("", "", "not measured")
    assert note in row["note"]


def test_every_printed_number_has_one_row(compared, tmp_path):
    rows = compared(*BOTH)
    names = {"qwen3b": "mine"}
    expected = Counter(
        (n.table, names.get(n.model, n.model), n.method, n.quantity) for n in read_printed(PAPER)
    )
    assert Counter(rows.keys()) == expected
    assert len((tmp_path / "compare.csv").read_text().splitlines()) == len(expected) + 1
    twice = compared("--models", "a=qwen3b", "b=qwen3b")
    assert sum(key[1] in ("a", "b") for key in twice) == 2 * sum(
        n.model == "qwen3b" for n in read_printed(PAPER)
    )


def test_one_model_alone(compared):
    rows = compared("--only", "--models", "mine=qwen3b")
    assert {key[1] for key in rows} == {"mine"}
    assert compared("--only") == {}


def test_settings_are_equal_or_not(compared):
    own = ["qwen1.5b/learning_rate=1e-04", "qwen1.5b/effective_batch=128"]
    rows = compared(*BOTH, "--settings", *own)
    assert numbers(rows["table4_5", "qwen1.5b", "", "learning_rate"]) == [
        "0.0001",
        "0.0001",
        "",
        "",
        "0",
        "yes",
    ]
    assert numbers(rows["table4_5", "qwen1.5b", "", "effective_batch"]) == [
        "256",
        "128",
        "",
        "",
        "-128",
        "no",
    ]


@pytest.mark.parametrize(
    "words, message",
    [
        (["--models", "tiny=tiny"], "--models tiny=tiny: the paper has no such model"),
        (["--settings", "qwen3b/epochs=2"], "--settings qwen3b/epochs: write MODEL/NAME=VALUE"),
        (["--settings", "learning_rate=2"], "--settings learning_rate: write MODEL/NAME=VALUE"),
        (["--settings", "qwen3b/learning_rate=low"], "--settings qwen3b/learning_rate: 'low' is no number"),
        (["--cells", "gone.parquet"], "gone.parquet: no such file"),
    ],
)
def test_wrong_input_is_one_line(program, tmp_path, words, message):
    cells.write(tmp_path / "cells.parquet", CELLS, {})
    done = program("compare", *COMMON, *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert len(done.stderr.splitlines()) == 1


def test_the_interval_holds_both():
    cell = own("main", "tms", "math", 0.5, 0.45, 0.55, seeds_low=0.38, seeds_high=0.62)
    assert interval(cell)[:2] == (pytest.approx(0.37), pytest.approx(0.63))


def test_what_contamination_touches_is_noted(compared, tmp_path):
    def found(benchmark):
        return {
            benchmark: {"outcome": "accepted", "overlapping": 5, "rows": 500, "share": 0.01, "reason": "so"}
        }

    suite = {"targets": ["math", "gsm8k"], "views": {"math500": "math"}, "retention": ["arc_c"]}
    for task, benchmark in (("math", "math500"), ("gsm8k", "arc_c")):
        report = {"task": task, "benchmarks": found(benchmark)}
        (tmp_path / f"{task}.json").write_text(json.dumps(report))
    words = ["--suites", f"mine={json.dumps(suite)}", f"qwen1.5b={json.dumps(suite)}"]
    words += ["--contamination", "mine/math=math.json", "qwen1.5b/gsm8k=gsm8k.json"]
    rows = compared(*BOTH, *words)
    marked = {key for key, row in rows.items() if "\u2020" in row["note"]}
    assert marked == {
        ("table9", "mine", "tms", "math500"),
        ("table9", "qwen1.5b", "tms", "delta.arc_c"),
    }
    note = rows["table9", "mine", "tms", "math500"]["note"]
    shared = "5 of 500 rows (1.0%) share 13 words or all of theirs with training"
    assert f"trained on MATH, tested on MATH-500: {shared}: so" in note
