"""The grading pool: right answers fast, and a bad row costs itself only."""

import sys
import time

import pytest

from tms.errors import InputError
from tms.grading import Grade, Task, grade_all, load_grader

GRADER = """
import os, time
from types import SimpleNamespace

METRIC = "accuracy"

def grade(completion, answer):
    if completion == "hang":
        time.sleep(1000)
    if completion == "die":
        os._exit(1)
    if completion == "raise":
        raise ValueError("a bug")
    return SimpleNamespace(score=float(completion == answer), extracted=completion)
"""


@pytest.fixture(autouse=True)
def exact_grader(tmp_path, monkeypatch):
    """A grader of kind `exact_fake` that hangs, dies or raises on demand, beside the real ones."""
    import tms.graders

    (tmp_path / "exact_fake.py").write_text(GRADER)
    monkeypatch.setattr(tms.graders, "__path__", [*tms.graders.__path__, str(tmp_path)])
    yield
    sys.modules.pop("tms.graders.exact_fake", None)


def grades(*completions, processes=2, timeout=1.0):
    return grade_all([Task("exact_fake", text, "1") for text in completions], processes, timeout)


def test_grades_come_in_the_order_of_the_tasks():
    texts = [str(i) for i in range(500)]
    tasks = [Task("exact_fake", text, str(int(text) // 2 * 2)) for text in texts]
    found = grade_all(tasks, 3)
    assert found == grade_all(tasks, 1)
    assert [grade.extracted for grade in found] == texts
    assert [grade.score for grade in found] == [1.0, 0.0] * 250


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("bad, failure", [("hang", "timeout"), ("die", "crash"), ("raise", "error")])
def test_a_bad_row_scores_zero_and_takes_no_other_with_it(bad, failure, processes):
    texts = ["1"] * 100
    texts[3] = texts[99] = bad
    found = grades(*texts, processes=processes)
    assert [i for i, grade in enumerate(found) if grade.failure] == [3, 99]
    assert found[3] == Grade(0.0, "", failure)
    assert sum(grade.score for grade in found) == 98


def test_every_row_can_hang():
    assert grades("hang", "hang", "hang", timeout=0.2) == [Grade(0.0, "", "timeout")] * 3


def test_nothing_to_grade():
    assert grade_all([], 2) == []


def test_five_benchmarks_of_500_rows_take_less_than_two_seconds():
    started = time.perf_counter()
    grade_all([Task("exact_fake", str(i), "1") for i in range(2500)], 2)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("kind", ["no_such_grader", "os.path", "../exact_fake", ""])
def test_an_unknown_grader_is_named(kind):
    with pytest.raises(InputError, match="no such kind"):
        load_grader(kind)
