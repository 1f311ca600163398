"""Verdicts on the research questions, from cells on disk."""

import json

from tms.experiments.cells import cell, write

SUITE = json.dumps({"targets": ["chain"], "retention": ["facts"]})


def test_verdicts_are_written_and_logged(program, tmp_path):
    bounds = {"ci_low": 0.01, "ci_high": 0.03, "p_value": 0.01}
    cells = [
        cell("frontier", "m", "area_difference", 0.02, method="tms", group="sft", prompts="test", **bounds),
        cell("main", "m", "facts", None, method="tms"),
    ]
    for experiment in ("frontier", "main"):
        write(tmp_path / f"{experiment}.parquet", [c for c in cells if c["experiment"] == experiment], {})
    words = ["--model", "m", "--suite", SUITE, "--output", "questions.json"]
    done = program("questions", *words, "--cells", "frontier.parquet", "main.parquet")
    assert done.returncode == 0, done.stderr
    frontier, *others = json.loads((tmp_path / "questions.json").read_text())
    assert (frontier["id"], frontier["verdict"]) == ("Frontier", "supported for this run")
    (difference,) = frontier["differences"]
    assert [difference[name] for name in ("value", "low", "high")] == [0.02, 0.01, 0.03]
    assert "seeds_low" not in difference
    assert frontier["cells"][0]["value"] == 0.02
    assert {entry["verdict"] for entry in others} == {"not measured"}
    assert done.stdout.startswith("Frontier: supported for this run. Tuned alike, TMS trades")


def test_a_suite_that_is_none_is_one_line(program):
    done = program("questions", "--model", "m", "--suite", "[]", "--cells", "x", "--output", "y")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --suite: not a suite as JSON")
    assert len(done.stderr.splitlines()) == 1


def bounds(value):
    """Intervals of three seeds that hardly differ."""
    low, high = value - 0.001, value + 0.001
    return {"ci_low": low, "ci_high": high, "seeds_low": low, "seeds_high": high, "seeds": 3}


def test_without_a_model_the_question_about_several_is_answered(program, tmp_path):
    for model in ("small", "large"):
        cells = [
            cell("main", model, quantity, value, method=method, **bounds(value))
            for method, forgotten in (("sft", -0.2), ("tms", -0.1))
            for quantity, value in (("target_mean", 0.7), ("forgetting", forgotten))
        ]
        write(tmp_path / f"{model}.parquet", cells, {})
    words = ["--suite", SUITE, "--cells", "small.parquet", "large.parquet", "--output", "questions.json"]
    done = program("questions", *words)
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads((tmp_path / "questions.json").read_text())
    assert (answer["id"], answer["verdict"]) == ("RQ7", "supported")
    labels = [difference["label"] for difference in answer["differences"]]
    assert [label.split(",")[0] for label in labels] == [
        f"{model}: {name}" for model in ("small", "large") for name in ("Forgetting F", "Target mean")
    ]
