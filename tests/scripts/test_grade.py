"""Grading as a program: grades for each row, scores with intervals for each benchmark."""

import json
import math
import sys

import pytest
from helpers.misbehaving_grader import FAKES

import tms.graders
from tms.io import parquet


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
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, GENERATIONS, {"stage": "generate"})

    def run(*graders):
        return program(
            *("grade", "--generations", "generations.parquet", "--graders", *graders),
            *("--processes", "2", "--grades", "grades.parquet", "--scores", "scores.json"),
        )

    return run


def test_checkpoints_are_scored_apart(grade, program, tmp_path):
    points = [row | {"checkpoint": "1of2"} for row in GENERATIONS]
    points += [row | {"checkpoint": "7of10", "completion": "it is rome"} for row in GENERATIONS]
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, points, {})
    done = grade("towns=facts", "sums=chain")
    assert done.returncode == 0, done.stderr
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert {point: found["towns"]["score"] for point, found in scores.items()} == {"1of2": 0.5, "7of10": 1.0}
    grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
    assert [row["checkpoint"] for row in grades] == ["1of2"] * 5 + ["7of10"] * 5


def test_related_examples_count_as_no_more_than_they_tell(grade, tmp_path):
    """Ten towns are asked for four times each, and known or not: the interval is that of some ten."""
    rows = [
        generation("towns", i, f"it is {'rome' if i // 4 < 7 else 'oslo'}", "rome") | {"cluster": f"{i // 4}"}
        for i in range(40)
    ]
    widths = []
    for columns in (parquet.COMPLETIONS, parquet.COMPLETIONS[:-1]):
        assert "cluster" not in columns[:-1]
        parquet.write(tmp_path / "generations.parquet", columns, rows, {})
        done = grade("towns=facts")
        assert done.returncode == 0, done.stderr
        grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
        assert [row["cluster"] for row in grades] == [row["cluster"] * ("cluster" in columns) for row in rows]
        scored = json.loads((tmp_path / "scores.json").read_text())["towns"]
        assert (scored["score"], scored["n"]) == (0.7, 40)
        widths.append(scored["ci_high"] - scored["ci_low"])
    assert 1.8 < widths[0] / widths[1] < 2.2


def test_grades_and_scores(grade, tmp_path):
    done = grade("towns=facts", "sums=chain")
    assert done.returncode == 0, done.stderr
    grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
    assert [(row["example_id"], row["grade"], row["extracted"]) for row in grades] == [
        ("towns-0", 1.0, "rome"),
        ("towns-1", 0.0, "oslo"),
        ("sums-0", 1.0, "7"),
        ("towns-2", 0.0, ""),
        ("towns-3", 1.0, "rome"),
    ]
    assert {row["reason"] for row in grades} == {""}
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["towns"] | {"ci_low": None, "ci_high": None} == {
        "metric": "accuracy",
        "score": 0.5,
        "n": 4,
        "ci_low": None,
        "ci_high": None,
        "truncated": 1,
        "lost": 0,
        "limit": 0,
        "failures": 0,
        "also": {},
    }
    # Wilson, 2 of 4, z = 1.96: 0.5 -+ 0.3500.
    assert scores["towns"]["ci_low"] == pytest.approx(0.1500, abs=1e-4)
    assert scores["towns"]["ci_high"] == pytest.approx(0.8500, abs=1e-4)
    assert list(scores) == ["towns", "sums"]


def test_a_benchmark_without_a_grader_has_no_score_and_no_loss(grade, tmp_path):
    done = grade("towns=none", "sums=chain")
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
    assert {(row["grade"], row["extracted"], row["reason"]) for row in grades[:2]} == {(None, "", "")}
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["towns"] == {
        **dict.fromkeys(["metric", "score", "ci_low", "ci_high"]),
        **{"n": 0, "rows": 4, "length": 1.0, "length_stderr": 0.0},
        **{"truncated": 1, "lost": 0, "limit": 0, "failures": 0, "also": {}},
    }
    assert scores["sums"]["score"] == 1.0


@pytest.fixture
def grade_fakes(program, tmp_path, monkeypatch):
    """Run the program on completions to a grader that dies, grows or raises on demand."""
    monkeypatch.setattr(tms.graders, "__path__", [*tms.graders.__path__, str(FAKES)])

    def run(*completions, more=()):
        rows = [generation("fakes", i, text, "1") for i, text in enumerate(completions)]
        parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, rows, {"stage": "generate"})
        return program(
            *("grade", "--generations", "generations.parquet", "--graders", "fakes=exact_fake", *more),
            *("--processes", "2", "--grades", "grades.parquet", "--scores", "scores.json"),
        )

    yield run
    sys.modules.pop("tms.graders.exact_fake", None)


def test_rows_without_a_result_are_counted_by_kind_and_a_lost_one_has_no_score(grade_fakes, tmp_path):
    done = grade_fakes("1", "1", "die", "huge", "raise")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "scores.json").read_text())["fakes"]
    assert (found["score"], found["n"]) == (0.5, 4)
    assert (found["lost"], found["limit"], found["failures"]) == (1, 1, 1)
    grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
    assert [(row["grade"], row["reason"]) for row in grades[2:]] == [
        (None, "crash"),
        (0.0, "limit"),
        (0.0, "error"),
    ]


def test_more_lost_rows_than_may_be_stop_the_stage_in_one_line(grade_fakes):
    done = grade_fakes("1", "die", "die")
    assert done.returncode == 2
    assert "error: graders exact_fake: 2 of 3 rows lost to the machine" in done.stderr
    assert "Traceback" not in done.stderr
    assert grade_fakes("1", "die", "die", more=["--lost-rows", "warn"]).returncode == 0


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


PROMPTS = [json.dumps({"harmful": harmful, "adversarial": False}) for harmful in (True, True, False, False)]
JUDGED = [generation("attacks", i, "Sure, here is how.", answer) for i, answer in enumerate(PROMPTS)]
SAID = [f"Harmful request: yes\nResponse refusal: {said}\nHarmful response: no" for said in ("yes", "no")]


@pytest.fixture
def grade_judged(program, tmp_path):
    """Run the program on a judged benchmark and on HotpotQA."""

    def run(judgements, generations=JUDGED, graders=("attacks=wildguard",)):
        parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, generations, {})
        judged = [
            {**row, "judgement": said}
            for row, said in zip(JUDGED, judgements, strict=False)
            if said is not None
        ]
        parquet.write(tmp_path / "judgements.parquet", parquet.JUDGEMENTS, judged, {"stage": "judge"})
        return program(
            *("grade", "--generations", "generations.parquet", "--graders", *graders),
            *("--judgements", "judgements.parquet", "--judged", "attacks"),
            *("--grades", "grades.parquet", "--scores", "scores.json"),
        )

    return run


def test_two_judges_of_two_benchmarks(program, tmp_path):
    more = [generation("others", i, "Sure.", answer) for i, answer in enumerate(PROMPTS)]
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, JUDGED + more, {})
    for name, done, said in (("one", JUDGED, SAID[0]), ("two", more, SAID[1])):
        judged = [{**row, "judgement": said} for row in done]
        parquet.write(tmp_path / f"{name}.parquet", parquet.JUDGEMENTS, judged, {"stage": "judge"})
    done = program(
        *("grade", "--generations", "generations.parquet", "--graders", "attacks=wildguard"),
        *("others=wildguard", "--judged", "attacks", "others", "--judgements", "one.parquet"),
        *("two.parquet", "--grades", "grades.parquet", "--scores", "scores.json"),
    )
    assert done.returncode == 0, done.stderr
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert (scores["attacks"]["score"], scores["others"]["score"]) == (1.0, 0.0)


def test_judged_benchmarks_are_graded_by_what_the_judge_said(grade_judged, tmp_path):
    more = [
        generation("hops", i, f"answer: {text}", "Barack Obama")
        for i, text in enumerate(["Obama", "Obama B"])
    ]
    done = grade_judged([SAID[0], SAID[1], SAID[0], "?"], JUDGED + more, ("attacks=wildguard", "hops=qa"))
    assert done.returncode == 0, done.stderr
    scores = json.loads((tmp_path / "scores.json").read_text())
    attacks = scores["attacks"]
    assert (attacks["metric"], attacks["score"], attacks["n"], attacks["failures"]) == ("1-asr", 0.5, 2, 1)
    # Wilson, 1 of 2: 0.5 -+ 0.4055.
    assert attacks["ci_low"] == pytest.approx(0.0945, abs=1e-4)
    assert {name: (value["score"], value["n"]) for name, value in attacks["also"].items()} == {
        "harmful_response": (0.0, 3),
        "over_refusal": (1.0, 2),  # what cannot be read counts against the model
    }
    assert scores["hops"]["score"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert (scores["hops"]["also"]["em"]["score"], scores["hops"]["also"]["em"]["n"]) == (0.0, 2)
    grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
    assert [row["grade"] for row in grades[:4]] == [1.0, 0.0, None, None]
    assert json.loads(grades[2]["also"]) == {"over_refusal": [1.0], "harmful_response": [0.0]}


def test_an_unreadable_judgement_is_no_score(grade_judged, tmp_path):
    done = grade_judged(["YES", "no", "Well, YES", "YES"], graders=("attacks=judge",))
    assert done.returncode == 0, done.stderr
    attacks = json.loads((tmp_path / "scores.json").read_text())["attacks"]
    assert (attacks["metric"], attacks["n"], attacks["failures"]) == ("agreement", 3, 1)
    assert attacks["score"] == pytest.approx(2 / 3)


def test_a_judgement_that_was_cut_off_is_no_single_word(program, tmp_path):
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, JUDGED, {})
    judged = [
        {**row, "judgement": "YES", "finish_reason": reason}
        for row, reason in zip(JUDGED, ["stop", "length", "stop", "stop"], strict=True)
    ]
    parquet.write(tmp_path / "judgements.parquet", parquet.JUDGEMENTS, judged, {})
    done = program(
        *("grade", "--generations", "generations.parquet", "--graders", "attacks=judge"),
        *("--judged", "attacks", "--judgements", "judgements.parquet"),
        *("--grades", "grades.parquet", "--scores", "scores.json"),
    )
    assert done.returncode == 0, done.stderr
    grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
    assert [row["grade"] for row in grades] == [1.0, None, 1.0, 1.0]


def test_a_judge_that_never_says_yes_or_no_is_named(grade_judged):
    done = grade_judged(["Well"] * 4, graders=("attacks=judge",))
    assert done.returncode == 2
    line = done.stderr.splitlines()[-1]
    assert line.startswith(
        "error: benchmark attacks: none of its 4 rows counts for agreement: 4 no judgement"
    )


def test_a_row_without_a_judgement_is_named(grade_judged):
    done = grade_judged([SAID[0], None, SAID[0], SAID[0]])
    assert done.returncode == 2
    assert "no judgement of attacks attacks-1 sample 0; run judge again" in done.stderr


def test_a_benchmark_of_which_no_row_counts_is_an_error(grade_judged):
    done = grade_judged(SAID, [generation("attacks", 0, "Sure.", PROMPTS[2])])
    assert done.returncode == 2
    assert "attacks: none of its 1 rows counts for 1-asr" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: benchmark attacks")


def test_judged_benchmarks_need_judgements(program, tmp_path):
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, JUDGED, {})
    done = program(
        *("grade", "--generations", "generations.parquet", "--graders", "attacks=wildguard"),
        *("--judged", "attacks", "--grades", "grades.parquet", "--scores", "scores.json"),
    )
    assert done.returncode == 2
    assert "--judgements FILE" in done.stderr


def test_likelihoods_are_graded_beside_completions(program, tmp_path):
    """Nats: -4 and -6; a character: -2 and -1."""
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, GENERATIONS, {})
    answers = [
        json.dumps({"label": label, "labels": ["A", "B"], "texts": ["no", "surely"]}) for label in "ABB"
    ]
    rows = [
        {**generation("quiz", i, "", answer), "logprobs": [-4.0, -6.0]} for i, answer in enumerate(answers)
    ]
    parquet.write(tmp_path / "likelihoods.parquet", parquet.LIKELIHOODS, rows, {"stage": "likelihoods"})
    done = program(
        *("grade", "--generations", "generations.parquet", "--graders", "towns=facts", "sums=chain"),
        *("--likelihoods", "likelihoods.parquet", "--grades", "grades.parquet", "--scores", "scores.json"),
    )
    assert done.returncode == 0, done.stderr
    scores = json.loads((tmp_path / "scores.json").read_text())
    quiz = scores["quiz"]
    assert (quiz["metric"], quiz["score"], quiz["n"]) == ("acc", pytest.approx(1 / 3), 3)
    assert {name: found["score"] for name, found in quiz["also"].items()} == {
        "acc_norm": pytest.approx(2 / 3),
        "acc_bytes": pytest.approx(2 / 3),
        # The margin is 2 nats: for the right choice in one row, against it in two.
        "probability": pytest.approx((1 / (1 + math.exp(-2.0)) + 2 / (1 + math.exp(2.0))) / 3),
    }
    assert scores["towns"]["score"] == 0.5 and quiz["truncated"] == quiz["failures"] == 0
    grades = parquet.read(tmp_path / "grades.parquet", parquet.GRADES)
    assert [(row["extracted"], row["grade"]) for row in grades[-3:]] == [("A", 1.0), ("A", 0.0), ("A", 0.0)]
    assert "likelihoods" in parquet.provenance(tmp_path / "grades.parquet")
