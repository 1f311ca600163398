"""Tables of suites with a target without a score, without retention, and without both."""

import csv
import json

import pytest

from tms.config.suite import Suite
from tms.experiments import cells
from tms.experiments.correlations import pareto_cells, relation_cells
from tms.io import cost, parquet
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.figures import palette, planes, training
from tms.report.model_info import ModelInfo
from tms.report.research_questions.questions import answer
from tms.report.tables import all_tables

OUTPUTS = ["table", "scores", "drift", "intervals", "cost"]
UNKNOWN = (
    "forgetting is not known: no benchmark scores what the model could do before; "
    "loss and KL on general text "
)
RUNS = ["base", "faq/seed0", "chain/seed0", "faq/seed1", "chain/seed1"]
SUITES = {
    "a target without a score": Suite(["faq", "chain"], ["facts"], unscored=["faq"]),
    "no retention": Suite(["chain"], general=True),
    "neither": Suite(["faq"], general=True, unscored=["faq"]),
    "only retention without a score": Suite(["chain"], ["notes"], unscored=["notes"]),
}


def loss(nats: float) -> dict:
    """A measured loss: nats a token, and twice as many bits a byte."""
    return {
        **{
            "per_token": nats,
            "per_token_stderr": 0.01,
            "per_sequence": 10 * nats,
            "per_sequence_stderr": 0.1,
        },
        **{"bits_per_byte": 2 * nats, "bits_per_byte_stderr": 0.02, "n": 8, "tokens": 80},
    }


def kl(nats: float) -> dict:
    return {way: loss(nats) | {"truncated": 0} for way in ("policy_base", "base_policy")}


def drift(task: str, suite: Suite) -> dict:
    """Measures of a run's drift: the base's loss is 2.0, a run's 1.0 on its target and 2.5 elsewhere."""
    names = [*suite.retention, *(["general"] if suite.general else [])]
    texts = [name for name in names if name in ("general", *suite.unscored)]
    return {
        "pld_ref": loss(1.0),
        "trajectory": {"0of1": loss(2.0), "1of1": loss(1.0)},
        "loss": {name: {"0of1": loss(2.0), "1of1": loss(2.5)} for name in texts},
        "kl": {"heldout": kl(0.5), **{name: kl(0.25) for name in names}},
        "floor": {"kl_per_token": 1e-7, "nll_per_token": 1e-7, "positions": 8},
    }


def fill(folder, suite):
    """Write what the stages before leave of a base and four runs; every second answer is right."""
    for run in RUNS:
        (folder / run).mkdir(parents=True)
        scores, grades = {}, []
        for name in suite.benchmarks:
            entry = {"metric": "accuracy", "score": 0.5, "n": 10, "ci_low": 0.1, "ci_high": 0.9}
            unscored = name in suite.unscored
            if unscored:
                entry = dict.fromkeys(entry) | {"n": 0, "rows": 10, "length": 30.0, "length_stderr": 1.0}
            scores[name] = entry | {"truncated": 2 if run == "base" else 1, "also": {}}
            grades += [
                {
                    "example_id": f"{i}",
                    "benchmark": name,
                    "checkpoint": "",
                    "sample": 0,
                    "reason": "",
                    "also": "{}",
                }
                | {"extracted": "", "grade": None if unscored else float(i % 2), "finish_reason": "stop"}
                for i in range(10)
            ]
        (folder / run / "scores.json").write_text(json.dumps(scores))
        parquet.write(folder / run / "grades.parquet", parquet.GRADES, grades, {})
        cost.write(folder / run / "train.cost.json", cost.Cost(seconds=1.0))
        (folder / run / "drift.json").write_text(json.dumps(drift(run.split("/")[0], suite)))


def suite_words(suite):
    words = ["--targets", *suite.targets, "--retention", *suite.retention, "--unscored", *suite.unscored]
    return [*words, *(["--general"] if suite.general else [])]


def flags(suite):
    runs = [run for run in RUNS if run.split("/")[0] in suite.targets]
    words = ["--model", "m", "--method", "tms", *suite_words(suite), "--warnings", "warnings.json"]
    words += ["--base-scores", "base/scores.json", "--base-grades", "base/grades.parquet"]
    for flag, file in (("--runs", "scores.json"), ("--grades", "grades.parquet"), ("--drifts", "drift.json")):
        words += [flag, *[f"{run}={run}/{file}" for run in runs]]
    words += ["--costs", *[f"sft/{run}={run}/train.cost.json" for run in runs]]
    return [*words, *[word for name in OUTPUTS for word in (f"--{name}", f"{name}.csv")]]


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module", params=SUITES)
def finished(run_program, tmp_path_factory, request):
    """Name and folder of a finished aggregation, its joined table and its cells."""
    folder, suite = tmp_path_factory.mktemp("finished"), SUITES[request.param]
    fill(folder, suite)
    words = [
        "--methods",
        "tms",
        "--tables",
        "table.csv",
        "--intervals",
        "intervals.csv",
        "--costs",
        "cost.csv",
    ]
    runs = [run for run in RUNS if run.split("/")[0] in suite.targets]
    for program in (
        ["aggregate", *flags(suite)],
        ["table", *words, "--output", "joined.csv", "--cost", "spent.csv"],
        [
            *("summarise", "--experiment", "main", "--model", "m", *suite_words(suite), "--methods", "tms"),
            *("--baselines", "tms", "--base-grades", "base/grades.parquet"),
            *("--grades", *[f"tms/{run}={run}/grades.parquet" for run in runs]),
            *("--drifts", "tms=drift.csv", "--costs", "tms=cost.csv", "--intervals", "tms=intervals.csv"),
            *("--output", "cells.parquet"),
        ],
    ):
        done = run_program(folder, *program)
        assert done.returncode == 0, done.stderr
    return request.param, folder


TABLES = {
    "a target without a score": (
        "row,faq,chain,xfer,facts,forgetting,faq_loss,faq_bits_per_byte,faq_kl,faq_length,faq_truncated\n"
        "base,,0.5000,,0.5000,0.0000,2.0000,4.0000,,30.0000,0.2000\n"
        "tms,,0.5000,0.0000,0.5000,0.0000,1.0000,2.0000,0.5000,30.0000,0.1000\n"
        "delta,,0.0000,0.0000,0.0000,0.0000,-1.0000,-2.0000,,0.0000,-0.1000\n"
    ),
    "no retention": (
        "row,chain,xfer,forgetting,general_loss,general_bits_per_byte,general_kl,note\n"
        "base,0.5000,,,2.0000,4.0000,,\n"
        f"tms,0.5000,,,2.5000,5.0000,0.2500,{UNKNOWN}stand beside\n"
        "delta,0.0000,,,0.5000,1.0000,,\n"
    ),
    "neither": (
        "row,faq,xfer,forgetting,faq_loss,faq_bits_per_byte,faq_kl,faq_length,faq_truncated,"
        "general_loss,general_bits_per_byte,general_kl,note\n"
        "base,,,,2.0000,4.0000,,30.0000,0.2000,2.0000,4.0000,,\n"
        f"tms,,,,1.0000,2.0000,0.5000,30.0000,0.1000,2.5000,5.0000,0.2500,{UNKNOWN}stand beside\n"
        "delta,,,,-1.0000,-2.0000,,0.0000,-0.1000,0.5000,1.0000,,\n"
    ),
    "only retention without a score": (
        "row,chain,xfer,notes,forgetting,notes_loss,notes_bits_per_byte,notes_kl,notes_length,notes_truncated,"
        "note\n"
        "base,0.5000,,,,2.0000,4.0000,,30.0000,0.2000,\n"
        "tms,0.5000,,,,2.5000,5.0000,0.2500,30.0000,0.1000,"
        f"{UNKNOWN}can stand beside it (general: true in the suite)\n"
        "delta,0.0000,,,,0.5000,1.0000,,0.0000,-0.1000,\n"
    ),
}


def test_measures_stand_in_place_of_a_score(finished):
    name, folder = finished
    assert (folder / "table.csv").read_text() == TABLES[name]
    scored = {row["benchmark"] for row in read(folder / "scores.csv")}
    assert scored == {*SUITES[name].scored.benchmarks}


def test_the_joined_table_has_no_forgetting_where_none_is_known(finished):
    name, folder = finished
    _, method = read(folder / "joined.csv")
    known = bool(SUITES[name].scored.retention)
    assert ("forgetting_floor" in method) == ("retention_delta" in method) == known
    assert bool(method["forgetting"]) == known
    assert "nan" not in (folder / "joined.csv").read_text().lower()


def test_intervals_and_cells_hold_the_measures(finished):
    name, folder = finished
    lines = {(line["row"], line["column"]): line for line in read(folder / "intervals.csv")}
    found = {
        (cell["method"], cell["quantity"]): cell
        for cell in cells.read([folder / "cells.parquet"])
        if cell["train_task"] == ""
    }
    measure = "faq_loss" if name in ("a target without a score", "neither") else "general_loss"
    measure = "notes_loss" if "notes" in SUITES[name].retention else measure
    at_end = 1.0 if measure == "faq_loss" else 2.5
    assert lines["tms", measure] | {"ci_low": "", "ci_high": ""} == {
        **{"row": "tms", "column": measure, "value": f"{at_end:.4f}", "ci_low": "", "ci_high": ""}
    }
    assert float(lines["tms", measure]["ci_high"]) == pytest.approx(at_end + 1.96 * 0.01, abs=1e-4)
    assert (found["tms", measure]["value"], found["base", measure]["value"]) == (at_end, 2.0)
    for unscored in SUITES[name].unscored:
        assert not {pair for pair in found if pair[1].split(".")[-1] == unscored}
    forgot = found.get(("tms", "forgetting"))
    assert (forgot is not None and forgot["value"] is not None) == bool(SUITES[name].scored.retention)


def is_drawn(draw, lookup) -> bool:
    """Whether there is something to draw."""
    try:
        return bool(draw(lookup, palette.assign(lookup.info.kinds)).hovers)
    except NotMeasuredError:
        return False


def test_verdicts_tables_and_figures_are_made_of_what_is_there(finished, tmp_path):
    name, folder = finished
    suite, kinds = SUITES[name], {"tms": "tms"}
    measured = cells.read([folder / "cells.parquet"])
    measured += relation_cells("m", measured, kinds, {"tms": "tms"}) + pareto_cells("m", measured, ["tms"])
    lookup = CellLookup(ModelInfo("m", {"main": ["tms"]}, suite, kinds), measured)
    assert {entry["verdict"] for entry in answer(measured, suite, "m")} == {"not measured"}
    all_tables.write(tmp_path, [lookup], [], {})
    for file in tmp_path.glob("*.md"):
        assert "nan" not in file.read_text().lower().split(), file
    reached, forgot = bool(suite.scored.targets), bool(suite.scored.retention)
    assert is_drawn(training.losses, lookup)
    assert is_drawn(planes.figure2c, lookup) == (reached and forgot)
    assert is_drawn(planes.figure2d, lookup) == reached
    assert is_drawn(planes.compute, lookup) == (reached or forgot)
