"""Grading as a program: verdicts for each row, scores with intervals for each benchmark."""

import json

import pytest

from tms import rows


def generation(benchmark, i, completion, answer, finish_reason="stop"):
    return {
        "example_id": f"{benchmark}-{i}",
        "benchmark": benchmark,
        "split": "test",
        "seed": 0,
        "sample": 0,
        "checkpoint": "",
        "prompt": "p",
        "completion": completion,
        "completion_ids": [1],
        "finish_reason": finish_reason,
        "answer": answer,
        "seconds": 0.1,
    }


GENERATIONS = [
    generation("towns", 0, "it is rome", "rome"),
    generation("towns", 1, "it is oslo", "rome", "length"),
    generation("sums", 0, "answer : 7", "7"),
    generation("towns", 2, "", "rome"),
    generation("towns", 3, "rome", "rome"),
]


@pytest.fixture
def grade(program, tmp_path):
    """Run the program on five generations of two benchmarks."""
    rows.write(tmp_path / "generations.parquet", rows.COMPLETIONS, GENERATIONS, {"stage": "generate"})

    def run(*graders):
        return program(
            *("grade", "--generations", "generations.parquet", "--graders", *graders),
            *("--processes", "2", "--verdicts", "verdicts.parquet", "--scores", "scores.json"),
        )

    return run


def test_verdicts_and_scores(grade, tmp_path):
    done = grade("towns=facts", "sums=chain")
    assert done.returncode == 0, done.stderr
    verdicts = rows.read(tmp_path / "verdicts.parquet", [*rows.VERDICTS, "reason"])
    assert [(row["example_id"], row["verdict"], row["extracted"]) for row in verdicts] == [
        ("towns-0", 1.0, "rome"),
        ("towns-1", 0.0, "oslo"),
        ("sums-0", 1.0, "7"),
        ("towns-2", 0.0, ""),
        ("towns-3", 1.0, "rome"),
    ]
    assert {row["reason"] for row in verdicts} == {""}
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["towns"] | {"ci_low": None, "ci_high": None} == {
        "metric": "accuracy",
        "score": 0.5,
        "n": 4,
        "ci_low": None,
        "ci_high": None,
        "truncated": 1,
        "timeouts": 0,
        "failures": 0,
    }
    # Wilson, 2 of 4, z = 1.96: 0.5 -+ 0.3500.
    assert scores["towns"]["ci_low"] == pytest.approx(0.1500, abs=1e-4)
    assert scores["towns"]["ci_high"] == pytest.approx(0.8500, abs=1e-4)
    assert list(scores) == ["towns", "sums"]


@pytest.mark.parametrize(
    "graders, message",
    [
        (["towns=facts"], "benchmark sums has no grader"),
        (["towns=facts", "sums=chain", "maps=facts"], "no row of benchmark maps"),
    ],
)
def test_wrong_graders_are_one_line(grade, graders, message):
    done = grade(*graders)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
