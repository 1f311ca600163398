"""All methods of a model in one table, and their costs."""

import csv
import json

import pytest

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


def cell(method, benchmark, score, base, seed=0):
    delta = f"{score - base:.6f}"
    group = "target" if benchmark == "chain" else "retention"
    return ["m", method, "chain", seed, benchmark, group, "accuracy", score, 100, 0.0, 1.0, base, delta, ""]


@pytest.fixture
def results(tmp_path):
    """Tables, scores and costs of two methods: a model with one target and two retention benchmarks."""
    header = ["row", "chain", "xfer", "facts", "refusal", "forgetting"]
    base = ["base", "0.3000", "", "1.0000", "0.8000", "0.0000"]
    rows = {
        "sft": (["sft", "0.9000", "", "0.5000", "0.9000", "-0.2500"], [0.5, 0.9]),
        "tms": (["tms", "0.8000", "", "1.0000", "0.8000", "0.0000"], [1.0, 0.8]),
    }
    for method, (row, (facts, refusal)) in rows.items():
        write(tmp_path / method / "table.csv", [header, base, row, ["delta", "", "", "", "", ""]])
        cells = [cell(method, "chain", 0.9, 0.3), cell(method, "facts", facts, 1.0)]
        write(tmp_path / method / "scores.csv", [TIDY, *cells, cell(method, "refusal", refusal, 0.8)])
    costs = {
        "teacher": [0, 0, 1000, 10.0],
        "sft0": [64, 5000, 0, 20.0],
        "sft1": [64, 5200, 0, 22.0],
        "part1": [0, 0, 300, 3.0],
        "part2": [0, 0, 200, 2.0],
        "part0": [0, 0, 600, 6.0],
        "student": [64, 4000, 0, 15.0],
    }
    names = ["optimizer_steps", "trained_tokens", "generated_tokens", "seconds"]
    for name, values in costs.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(dict(zip(names, values, strict=True))))
    return tmp_path


TABLES = ["--tables", "sft/table.csv", "tms/table.csv", "--scores", "sft/scores.csv", "tms/scores.csv"]
OUTPUTS = ["--model", "m", "--methods", "sft", "tms", "--output", "table.csv", "--cost", "cost.csv"]


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
    assert sft["retention_delta"] == "-0.2000"  # (-0.5 + 0.1) / 2
    # Facts: sqrt(.5 * .5 / 100) = .05; refusal: sqrt((.9 * .1 + .8 * .2) / 100) = .05; / sqrt(2 pi) = .0199.
    assert sft["forgetting_floor"] == "-0.0199"
    assert (tms["row"], tms["retention_delta"]) == ("tms", "0.0000")
    # Facts: 0; refusal: sqrt(2 * .16 / 100) = .0566; mean / sqrt(2 pi) = .0113.
    assert tms["forgetting_floor"] == "-0.0113"


def test_costs_count_everything_that_a_method_depends_on(program, results):
    costs = {
        "sft/teacher/chain/seed0": "teacher",
        "sft/sft/chain/seed0": "sft0",
        "sft/teacher/chain/seed1": "teacher",
        "sft/sft/chain/seed1": "sft1",
        "tms/teacher/chain/seed0": "teacher",
        "tms/sft/chain/seed0": "sft0",
        "tms/harvest-tms-1/chain/seed0": "part1",
        "tms/harvest-tms-2/chain/seed0": "part2",
        "tms/student/chain/seed0": "student",
    }
    pairs = [f"{label}={name}.json" for label, name in costs.items()]
    done = program("table", *OUTPUTS, *TABLES, "--costs", *pairs)
    assert done.returncode == 0, done.stderr
    rows = [tuple(row.values())[1:] for row in read(results / "cost.csv")]
    assert rows == [
        ("sft", "teacher", "chain", "0", "0", "0", "1000", "10.0"),
        ("sft", "teacher", "chain", "1", "0", "0", "1000", "10.0"),
        ("sft", "sft", "chain", "0", "64", "5000", "0", "20.0"),
        ("sft", "sft", "chain", "1", "64", "5200", "0", "22.0"),
        ("sft", "total", "", "", "64", "5100", "1000", "31.0"),
        ("tms", "teacher", "chain", "0", "0", "0", "1000", "10.0"),
        ("tms", "sft", "chain", "0", "64", "5000", "0", "20.0"),
        ("tms", "harvest", "chain", "0", "0", "0", "500", "5.0"),
        ("tms", "student", "chain", "0", "64", "4000", "0", "15.0"),
        ("tms", "total", "", "", "128", "9000", "1500", "50.0"),
    ]


@pytest.mark.parametrize(
    "words, message",
    [
        (["--costs", "grpo/sft/chain/seed0=sft0.json"], "cost 'grpo/sft/chain/seed0': write METHOD/STAGE"),
        (["--costs", "tms/sft/chain/seed0=gone.json"], "gone.json: not a readable cost file"),
        (["--methods", "tms", "sft"], "sft/table.csv: no row tms"),
    ],
)
def test_wrong_input_is_one_line(program, results, words, message):
    done = program("table", *OUTPUTS, *TABLES, *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert len(done.stderr.splitlines()) == 1


def test_tables_of_different_bases_are_not_joined(program, results):
    other = (results / "tms" / "table.csv").read_text().replace("base,0.3000", "base,0.3100")
    (results / "tms" / "table.csv").write_text(other)
    done = program("table", *OUTPUTS, *TABLES)
    assert done.stderr.startswith("error: tms/table.csv: another base or suite than in sft/table.csv")
