"""Every file that shows a number of one set of grades shows the same number, with the same interval."""

import csv
import json

import pytest
from helpers.small_experiment import (
    RETENTION,
    RIGHT,
    SECOND,
    TARGETS,
    rows,
    write_grades,
    write_tables,
)
from statsmodels.stats.proportion import proportion_confint

import grade
from tms.experiments import cells
from tms.io import parquet
from tms.metrics.per_example import HALVES, half_of

METHODS = ("sft", "tms")
BOUNDS = ("value", "ci_low", "ci_high")


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def shown(cell, decimals):
    """Value and bounds of a cell as a table prints them."""
    return [
        None if cell[name] is None else pytest.approx(cell[name], abs=0.51 * 10**-decimals) for name in BOUNDS
    ]


def number(text):
    return None if text == "" else float(text)


def summarised(program, runs, targets=TARGETS):
    words = ["--experiment", "main", "--model", "m", "--targets", *targets, "--retention", *RETENTION]
    words += ["--methods", *METHODS, "--baselines", "sft", "--base-grades", "base/grades.parquet"]
    words += ["--grades", *(f"{run}={run}/grades.parquet" for run in runs)]
    for name in ("drift", "cost"):
        words += [f"--{name}s", *(f"{method}={method}/{name}.csv" for method in METHODS)]
    done = program("summarise", *words, "--output", "cells.parquet")
    assert done.returncode == 0, done.stderr


@pytest.fixture(params=[1, 2], ids=["one seed", "two seeds"])
def results(request, program, tmp_path):
    """Folder with every output of one set of grades."""
    right = RIGHT if request.param == 1 else RIGHT | SECOND
    write_grades(tmp_path, right)
    write_tables(tmp_path, right)
    for run, counts in right.items():
        graded = rows(counts)
        of_benchmarks = {name: [row for row in graded if row["benchmark"] == name] for name in counts}
        scores = {name: grade.score(name, "accuracy", own) for name, own in of_benchmarks.items()}
        (tmp_path / run / "scores.json").write_text(json.dumps(scores))
    runs = [run for run in right if run != "base"]
    for method in METHODS:
        own = [run for run in runs if run.startswith(f"{method}/")]
        words = ["--model", "m", "--method", method, "--targets", *TARGETS, "--retention", *RETENTION]
        words += ["--base-scores", "base/scores.json", "--base-grades", "base/grades.parquet"]
        words += ["--runs", *(f"{run.partition('/')[2]}={run}/scores.json" for run in own)]
        words += ["--grades", *(f"{run.partition('/')[2]}={run}/grades.parquet" for run in own)]
        for name in ("table", "scores", "intervals"):
            words += [f"--{name}", f"{method}/{name}.csv"]
        words += ["--drift", f"{method}/no-drift.csv", "--cost", f"{method}/no-cost.csv"]
        words += ["--warnings", f"{method}/warnings.json"]
        done = program("aggregate", *words)
        assert done.returncode == 0, done.stderr
    words = ["--methods", *METHODS, "--output", "table.csv", "--cost", "cost.csv"]
    for flag, name in (("--tables", "table"), ("--intervals", "intervals"), ("--costs", "cost")):
        words += [flag, *(f"{method}/{name}.csv" for method in METHODS)]
    done = program("table", *words)
    assert done.returncode == 0, done.stderr
    summarised(program, runs)
    return tmp_path


def test_all_files_agree_on_every_number_and_interval(results):
    found = cells.read([results / "cells.parquet"])
    by_key = {
        (cell["method"], cell["train_task"], cell["quantity"]): cell for cell in found if not cell["prompts"]
    }
    joined = {line["row"]: line for line in read(results / "table.csv")}
    compared = 0
    for method in METHODS:
        table = {line["row"]: line for line in read(results / method / "table.csv")}
        for line in read(results / method / "intervals.csv"):
            row, column = line["row"], line["column"]
            quantity = column
            if row == "delta" and not column.startswith("forgetting"):  # what forgetting is of theta_0 is 0
                quantity = f"delta.{column}".replace("delta.retention_mean", "retention_delta")
            cell = by_key["base" if row == "base" else method, "", quantity]
            assert [number(line[name]) for name in BOUNDS] == shown(cell, 4), (row, column)
            if column in table[row]:
                assert table[row][column] == line["value"]
                assert row == "delta" or joined[row][column] == line["value"]
            compared += 1
        for column in ("retention_delta", "forgetting_floor"):
            assert number(joined[method][column]) == shown(by_key[method, "", column], 4)[0]
        assert {row: line["xfer"] for row, line in table.items() if row == "base"} == {"base": ""}
    assert compared == 2 * (3 * (5 + 1 + 2) - 1 + 1)
    assert by_key["base", "", "xfer"]["value"] is None


def test_scores_of_runs_agree(results):
    found = cells.read([results / "cells.parquet"])
    for method in METHODS:
        lines = read(results / method / "scores.csv")
        for line in lines:
            task, seed = line["train_task"], line["seed"]
            stored = json.loads((results / method / task / f"seed{seed}" / "scores.json").read_text())
            entry = stored[line["benchmark"]]
            if line["group"] == "also":
                entry = entry["also"][line["metric"]]
            written = [entry["score"], entry["ci_low"], entry["ci_high"], entry["n"]]
            columns = ("score", "ci_low", "ci_high", "n")
            assert [float(line[name]) for name in columns] == pytest.approx(written, abs=1e-6)
            if {row["seed"] for row in lines} == {"0"}:
                quantity = ".".join([line["benchmark"], *[line["metric"]] * (line["group"] == "also")])
                (cell,) = cells.select(found, method=method, train_task=task, quantity=quantity)
                assert [cell[name] for name in BOUNDS] == pytest.approx(written[:3])
                assert cell["n"] == entry["n"]


def test_all_right_is_no_certainty(results):
    """The base is right on all 20 facts, and TMS's run on chain too: what both lack may still differ."""
    wilson = proportion_confint(20, 20, method="wilson")
    stored = json.loads((results / "base" / "scores.json").read_text())["facts"]
    assert (stored["ci_low"], stored["ci_high"]) == pytest.approx(wilson)
    (cell,) = cells.select(
        cells.read([results / "cells.parquet"]), method="base", train_task="", quantity="facts"
    )
    assert (cell["ci_low"], cell["ci_high"]) == pytest.approx(wilson)
    lines = {(line["row"], line["column"]): line for line in read(results / "tms" / "intervals.csv")}
    assert float(lines["base", "facts"]["ci_low"]) == pytest.approx(wilson[0], abs=5e-5)
    (cell,) = cells.select(
        cells.read([results / "cells.parquet"]), method="tms", train_task="chain", quantity="delta.facts"
    )
    assert (cell["value"], cell["ci_low"], cell["ci_high"]) == (0, pytest.approx(-0.15), pytest.approx(0.15))


def test_points_of_the_frontier_are_those_of_the_table_on_each_half(program, tmp_path):
    runs = [run for run in RIGHT if "/chain/" in run]
    words = [
        "--model",
        "m",
        "--targets",
        "chain",
        "--retention",
        *RETENTION,
        "--base-grades",
        "base/all.parquet",
    ]
    words += ["--sides", "sft=sft", "tms=tms", "--reference", "0", "-0.5", "--output", "frontier.parquet"]
    words += ["--grades", *(f"{run}={run}/all.parquet" for run in runs)]
    write_tables(tmp_path, RIGHT)
    for half in ("", *HALVES):
        for run in ["base", *runs]:
            kept = [
                row for row in rows(RIGHT[run]) if half in ("", half_of(row["benchmark"], row["example_id"]))
            ]
            name = "grades" if half else "all"
            parquet.write(tmp_path / run / f"{name}.parquet", parquet.GRADES, kept, {})
        if not half:
            done = program("frontier", *words)
            assert done.returncode == 0, done.stderr
            points = cells.read([tmp_path / "frontier.parquet"])
            continue
        summarised(program, runs, ["chain"])
        found = cells.read([tmp_path / "cells.parquet"])
        for method in ("base", *METHODS):
            for quantity in ("target_mean", "forgetting"):
                (point,) = cells.select(points, method=method, quantity=quantity, prompts=half)
                (cell,) = cells.select(found, method=method, quantity=quantity, train_task="")
                assert (point["value"], point["n"], point["seeds"]) == (
                    cell["value"],
                    cell["n"],
                    cell["seeds"],
                )
                # Of the target Wilson's interval; forgetting's resamples are drawn for each half apart.
                apart = 1e-9 if quantity == "target_mean" else 0.02
                bounds = [[one["ci_low"], one["ci_high"]] for one in (point, cell)]
                assert bounds[0] == pytest.approx(bounds[1], abs=apart)
