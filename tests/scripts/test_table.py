"""All methods of a model in one table, and their costs."""

import csv

import pytest

from tms.io.csv_file import write_csv

TIDY = [
    "model",
    "method",
    "train_task",
    "seed",
    "benchmark",
    "group",
    "metric",
    "score",
    "n",
    "ci_low",
    "ci_high",
    "base_score",
    "delta",
    "contamination",
]


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(lines)


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def results(tmp_path):
    """Tables, intervals and costs of two methods: a model with one target and two retention benchmarks."""
    header = ["row", "chain", "xfer", "facts", "refusal", "forgetting"]
    base = ["base", "0.3000", "", "1.0000", "0.8000", "0.0000"]
    rows = {
        "sft": (["sft", "0.9000", "", "0.5000", "0.9000", "-0.2500"], ["-0.2000", "-0.0199"]),
        "tms": (["tms", "0.8000", "", "1.0000", "0.8000", "0.0000"], ["0.0000", "-0.0113"]),
    }
    for method, (row, (delta, floor)) in rows.items():
        write(tmp_path / method / "table.csv", [header, base, row, ["delta", "", "", "", "", ""]])
        lines = [
            ["delta", "retention_mean", delta, "-0.3", "0.1"],
            [method, "forgetting_floor", floor, "", ""],
        ]
        write(tmp_path / method / "intervals.csv", [["row", "column", "value", "ci_low", "ci_high"], *lines])
    for method, stages in {"sft": ["sft", "total"], "tms": ["harvest", "total"]}.items():
        lines = [["m", method, stage, "", "", 64, 5000, 0, 30, 300, 20.0] for stage in stages]
        write(tmp_path / method / "cost.csv", [COST, *lines])
    return tmp_path


COST = ["model", "method", "stage", "train_task", "seed"]
COST += ["optimizer_steps", "trained_tokens", "frozen_tokens", "rollouts", "generated_tokens", "seconds"]
TABLES = [
    "--tables",
    "sft/table.csv",
    "tms/table.csv",
    "--intervals",
    "sft/intervals.csv",
    "tms/intervals.csv",
]
TABLES += ["--costs", "sft/cost.csv", "tms/cost.csv"]
OUTPUTS = ["--methods", "sft", "tms", "--output", "table.csv", "--cost", "cost.csv"]


def test_base_then_each_method_with_the_floor_beside_forgetting(program, results):
    done = program("table", *OUTPUTS, *TABLES)
    assert done.returncode == 0, done.stderr
    base, sft, tms = read(results / "table.csv")
    assert list(base) == [
        "row",
        "chain",
        "xfer",
        "facts",
        "refusal",
        "forgetting",
        "retention_delta",
        "forgetting_floor",
    ]
    assert (base["row"], base["retention_delta"], base["forgetting_floor"]) == ("base", "0.0000", "")
    assert (sft["row"], sft["chain"], sft["forgetting"]) == ("sft", "0.9000", "-0.2500")
    assert (sft["retention_delta"], sft["forgetting_floor"]) == ("-0.2000", "-0.0199")
    assert (tms["row"], tms["retention_delta"], tms["forgetting_floor"]) == ("tms", "0.0000", "-0.0113")


def test_only_a_method_with_warnings_has_some_beside_the_others(program, results):
    text = (results / "tms" / "table.csv").read_text().splitlines()
    text = [line + end for line, end in zip(text, [",warnings", ",", ",facts 1 lost", ","], strict=True)]
    (results / "tms" / "table.csv").write_text("\n".join(text))
    done = program("table", *OUTPUTS, *TABLES)
    assert done.returncode == 0, done.stderr
    told = {line["row"]: line["warnings"] for line in read(results / "table.csv")}
    assert told == {"base": "", "sft": "", "tms": "facts 1 lost"}
    shown = program("show", "tms/table.csv").stdout.splitlines()
    words = ["tms/table.csv", "row", "base", "tms", "delta", "warning:"]
    assert [line.split()[0] for line in shown if line] == words
    assert shown[-1] == "warning: tms: facts 1 lost" and "warnings" not in shown[1]


def test_costs_of_all_methods_below_each_other(program, results):
    done = program("table", *OUTPUTS, *TABLES)
    assert done.returncode == 0, done.stderr
    lines = [(row["method"], row["stage"], row["optimizer_steps"]) for row in read(results / "cost.csv")]
    assert lines == [
        ("sft", "sft", "64"),
        ("sft", "total", "64"),
        ("tms", "harvest", "64"),
        ("tms", "total", "64"),
    ]


@pytest.mark.parametrize(
    "words, message",
    [
        (["--costs", "sft/cost.csv", "gone.csv"], "gone.csv: no such file"),
        (["--methods", "tms", "sft"], "sft/table.csv: no row tms"),
    ],
)
def test_wrong_input_is_one_line(program, results, words, message):
    done = program("table", *OUTPUTS, *TABLES, *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["table", "intervals", "cost"])
def test_a_flipped_digit_is_one_line(program, results, name):
    path = results / "tms" / f"{name}.csv"
    lines = read(path)
    write_csv(path, list(lines[0]), lines)
    assert program("table", *OUTPUTS, *TABLES).returncode == 0
    whole = path.read_text()
    path.write_text(whole.replace("0", "1", 1))
    done = program("table", *OUTPUTS, *TABLES)
    assert done.returncode == 2 and done.stderr.splitlines() == [
        f"error: tms/{name}.csv: not a readable CSV file (its checksum does not agree: it was changed); "
        "delete it and run again"
    ]


def test_tables_of_different_bases_are_not_joined(program, results):
    other = (results / "tms" / "table.csv").read_text().replace("base,0.3000", "base,0.3100")
    (results / "tms" / "table.csv").write_text(other)
    done = program("table", *OUTPUTS, *TABLES)
    assert done.stderr.startswith("error: tms/table.csv: another base or suite than in sft/table.csv")
