"""From the runs' scores, grades and drifts to a method's tables."""

import csv
import json

import pytest
from helpers.health_facts import SOUND

from tms.io import parquet

OUTPUTS = ["table", "scores", "drift", "intervals", "cost"]
TARGETS, RETENTION = ["countdown", "chain"], ["facts", "refusal"]
RIGHT = {  # right answers of 10
    "base": {"countdown": 4, "chain": 3, "facts": 10, "refusal": 8},
    "countdown/seed0": {"countdown": 6, "chain": 2, "facts": 9, "refusal": 9},
    "chain/seed0": {"countdown": 3, "chain": 9, "facts": 10, "refusal": 4},
}

DRIFT = {
    "pld_ref": {"per_token": 0.5, "per_token_stderr": 0.01, "tokens": 1234567},
    "trajectory": {"1of2": {"per_token": 0.75, "per_token_stderr": 0.02, "drift_per_token": 0.0}},
    "kl": {"heldout": {"policy_base": {"per_sequence": 1 / 3, "per_sequence_stderr": 0.125}}},
}


def fill(folder):
    """Write scores, grades and drift of a base and two runs; the first answers to a benchmark are right."""
    for run, right in RIGHT.items():
        (folder / run).mkdir(parents=True)
        scores = {
            name: {"metric": "accuracy", "score": count / 10, "n": 10, "ci_low": 0.1, "ci_high": 0.95}
            for name, count in right.items()
        }
        (folder / run / "scores.json").write_text(json.dumps(scores))
        grades = [
            {
                "example_id": f"{name}-{i}",
                "benchmark": name,
                "checkpoint": "",
                "sample": 0,
                "reason": "",
                "extracted": "",
                "grade": float(i < count),
                "finish_reason": "stop",
                "also": "{}",
            }
            for name, count in right.items()
            for i in range(10)
        ]
        parquet.write(folder / run / "grades.parquet", parquet.GRADES, grades, {})
        (folder / run / "drift.json").write_text(json.dumps(DRIFT))
        (folder / run / "health.json").write_text(json.dumps(SOUND))


def flags(runs):
    words = ["--model", "m", "--method", "tms", "--targets", *TARGETS, "--retention", *RETENTION]
    words += ["--base-scores", "base/scores.json", "--base-grades", "base/grades.parquet"]
    for flag, file in (
        ("--runs", "scores.json"),
        ("--grades", "grades.parquet"),
        ("--drifts", "drift.json"),
        ("--health", "health.json"),
    ):
        words += [flag, *[f"{run}={run}/{file}" for run in runs]]
    words += ["--warnings", "warnings.json"]
    return [*words, *[word for name in OUTPUTS for word in (f"--{name}", f"{name}.csv")]]


@pytest.fixture(scope="module")
def finished(run_program, tmp_path_factory):
    """Folder of a finished aggregation."""
    folder = tmp_path_factory.mktemp("finished")
    fill(folder)
    done = run_program(folder, "aggregate", *flags(["countdown/seed0", "chain/seed0"]))
    assert done.returncode == 0, done.stderr
    return folder


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_papers_table(finished):
    assert (finished / "table.csv").read_text() == (
        "row,countdown,chain,xfer,facts,refusal,forgetting\n"
        "base,0.4000,0.3000,,1.0000,0.8000,0.0000\n"
        "tms,0.6000,0.9000,-0.1000,0.9500,0.6500,-0.1250\n"
        "delta,0.2000,0.6000,-0.1000,-0.0500,-0.1500,-0.1250\n"
    )


def test_tables_say_which_columns_share_text_with_training(run_program, tmp_path):
    fill(tmp_path)
    pair = {"exact": 0, "overlapping": 3, "rows": 10, "share": 0.3, "reason": "the paper's own pair"}
    report = {"task": "chain", "benchmarks": {"refusal": pair | {"outcome": "accepted"}}}
    (tmp_path / "contamination.json").write_text(json.dumps(report))
    words = [*flags(["countdown/seed0", "chain/seed0"]), "--contamination", "contamination.json"]
    done = run_program(tmp_path, "aggregate", *words)
    assert done.returncode == 0, done.stderr
    assert {line["contamination"] for line in read(tmp_path / "table.csv")} == {"chain -> refusal"}
    notes = {
        (line["train_task"], line["benchmark"]): line["contamination"]
        for line in read(tmp_path / "scores.csv")
    }
    assert "3 of 10 rows" in notes["chain", "refusal"] and "the paper's own pair" in notes["chain", "refusal"]
    assert notes["countdown", "refusal"] == notes["chain", "facts"] == ""


def test_tables_say_which_rows_have_no_grade_on_their_merits(run_program, tmp_path):
    fill(tmp_path)
    path = tmp_path / "countdown/seed0/grades.parquet"
    rows = parquet.read(path, parquet.GRADES)
    for reason, grade, name in (
        ("crash", None, "facts-0"),
        ("timeout", None, "facts-9"),
        ("limit", 0.0, "chain-9"),
    ):
        (row,) = [row for row in rows if row["example_id"] == name]
        row |= {"reason": reason, "grade": grade}
    parquet.write(path, parquet.GRADES, rows, {})
    done = run_program(tmp_path, "aggregate", *flags(["countdown/seed0", "chain/seed0"]))
    assert done.returncode == 0, done.stderr
    lines = {line["row"]: line for line in read(tmp_path / "table.csv")}
    told = {row: line["warnings"] for row, line in lines.items()}
    assert told == {
        "base": "",
        "tms": "countdown/seed0: chain: 1 limit; countdown/seed0: facts: 2 lost",
        "delta": "",
    }
    assert lines["base"]["facts"] == "1.0000"  # of all ten rows, as in every other method's table


def test_what_looks_wrong_is_in_the_table_in_a_file_and_on_the_terminal(run_program, tmp_path):
    fill(tmp_path)
    losses = [1.0] * 10
    sick = SOUND | {"masked": {"length": 25, "too long": 13, "rejected": 4}, "losses": losses}
    (tmp_path / "chain/seed0/health.json").write_text(json.dumps(sick))
    for run in RIGHT:
        path = tmp_path / run / "grades.parquet"
        rows = parquet.read(path, parquet.GRADES)
        for row in rows:
            if row["benchmark"] == "refusal":
                row |= {"grade": 0.0, "finish_reason": "length"} if run == "base" else {"grade": 0.0}
        parquet.write(path, parquet.GRADES, rows, {})
    done = run_program(tmp_path, "aggregate", *flags(["countdown/seed0", "chain/seed0"]))
    assert done.returncode == 0, done.stderr
    lines = {line["row"]: line["warnings"] for line in read(tmp_path / "table.csv")}
    never = "refusal: 10 of 10 completions are cut at their limit"
    masked = "38% of 100 targets carry no loss (25 length, 13 too long)"
    flat = "the loss did not fall (1.0000 over the first 2 of 10 steps, 1.0000 over the last)"
    zero = "refusal: every model scores 0 on each example"
    assert lines == {
        "base": f"base: {never}",
        "tms": f"chain/seed0: {masked}; chain/seed0: {flat}; all: {zero}",
        "delta": "",
    }
    assert f"warning: m/tms: {zero}: it tells nothing apart" in done.stderr
    written = json.loads((tmp_path / "warnings.json").read_text())
    assert [what for what, _ in written["base"]] == [never] and "end token" in written["base"][0][1]
    assert [what for what, _ in written["chain/seed0"]] == [masked, flat]
    (tmp_path / "chain/seed0/health.json").write_text("{}")
    done = run_program(tmp_path, "aggregate", *flags(["countdown/seed0", "chain/seed0"]))
    assert done.returncode and "chain/seed0/health.json: not a readable record of a run" in done.stderr


def test_a_note_on_the_model_stands_in_the_table(run_program, tmp_path):
    fill(tmp_path)
    done = run_program(
        tmp_path, "aggregate", *flags(["countdown/seed0", "chain/seed0"]), "--note", "Not theirs."
    )
    assert done.returncode == 0, done.stderr
    notes = {line["row"]: line["note"] for line in read(tmp_path / "table.csv")}
    assert notes == {"base": "", "tms": "Not theirs.", "delta": ""}
    shown = run_program(tmp_path, "show", "table.csv")
    assert shown.stdout.count("note: Not theirs.") == 1


def test_tidy_scores(finished):
    lines = (finished / "scores.csv").read_text().splitlines()
    assert lines[:2] == [
        "model,method,train_task,seed,benchmark,group,metric,score,n,ci_low,ci_high,base_score,delta,contamination",
        "m,tms,countdown,0,countdown,target,accuracy,0.600000,10,0.100000,0.950000,0.400000,0.200000,",
    ]
    assert len(lines) == 1 + 2 * 4


def test_an_interval_for_each_cell_paired_with_the_base(finished):
    table = {line["row"]: line for line in read(finished / "table.csv")}
    intervals = {(line["row"], line["column"]): line for line in read(finished / "intervals.csv")}
    more = {"target_mean", "retention_mean"}
    assert len(intervals) == 3 * (6 + len(more)) - 1 + 1  # the base has no xfer, the method a floor
    for (row, column), line in intervals.items():
        if column == "forgetting_floor":
            assert (row, line["ci_low"]) == ("tms", "")
        else:
            assert column in more or line["value"] == table[row][column]
            assert float(line["ci_low"]) <= float(line["value"]) <= float(line["ci_high"])
    # Of ten countdown items two changed, none for the worse.
    assert float(intervals["delta", "countdown"]["ci_low"]) >= 0
    # All ten right is no certainty; Wilson's interval: 10 / (10 + 1.96^2).
    assert (intervals["base", "facts"]["ci_low"], intervals["base", "facts"]["ci_high"]) == (
        "0.7225",
        "1.0000",
    )
    assert intervals["delta", "retention_mean"]["value"] == "-0.1000"


def test_the_same_input_gives_the_same_bytes(finished, program, tmp_path):
    fill(tmp_path)
    program("aggregate", *flags(["countdown/seed0", "chain/seed0"]))
    for name in OUTPUTS:
        assert (tmp_path / f"{name}.csv").read_bytes() == (finished / f"{name}.csv").read_bytes()


def test_drift_is_tidy(finished):
    lines = (finished / "drift.csv").read_text().splitlines()
    assert lines[:6] == [
        "model,method,train_task,seed,quantity,prompts,point,value,stderr",
        "m,tms,countdown,0,pld_ref.per_token,,,0.5,0.01",
        "m,tms,countdown,0,pld_ref.tokens,,,1234567,",
        "m,tms,countdown,0,trajectory.per_token,,1of2,0.75,0.02",
        "m,tms,countdown,0,trajectory.drift_per_token,,1of2,0,",
        "m,tms,countdown,0,kl.policy_base.per_sequence,heldout,,0.333333,0.125",
    ]
    assert len(lines) == 1 + 2 * 5


def test_a_target_without_a_run_is_one_line(program, tmp_path):
    fill(tmp_path)
    done = program("aggregate", *flags(["chain/seed0"]))
    assert done.returncode == 2
    assert done.stderr == "error: --grades: no run tms/countdown/seed0; name one a task and seed\n"


def test_grades_on_other_examples_than_the_bases_are_refused(program, tmp_path):
    fill(tmp_path)
    path = tmp_path / "base" / "grades.parquet"
    parquet.write(path, parquet.GRADES, parquet.read(path, parquet.GRADES)[1:], {})
    done = program("aggregate", *flags(["countdown/seed0", "chain/seed0"]))
    assert done.returncode == 2
    assert "countdown/seed0: other examples of countdown than the base" in done.stderr
