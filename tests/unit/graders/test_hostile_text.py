"""A slice of benchmarks/hostile_text.py: no grader breaks on a hostile completion, or takes it for right."""

import random

import pytest
from helpers.benchmark_programs import load_program

from tms.grading.worker import Limits
from tms.io import modules

COMPLETIONS = {"ifeval": 10, "math": 15, "number": 30}  # of graders that take long; of others 200
program = load_program("hostile_text")


@pytest.mark.parametrize("grader", [name for name in modules.names("graders") if name != "none"])
def test_no_grader_breaks_or_takes_a_hostile_text_for_right(grader, monkeypatch):
    monkeypatch.setattr("hostile_completions.LONGEST", (50, 500, 2_000))
    monkeypatch.setattr("hostile_completions.OFTEN", (60, 35, 5))
    line, broken = program.fuzz(grader, COMPLETIONS.get(grader, 200), 1, 1, Limits(cpu=0.5))
    assert not broken, f"{line}: {broken[0].completion[:200]!a}"


def test_the_same_seed_makes_the_same_completions():
    first, again = ([program.completion(random.Random(7)) for _ in range(3)] for _ in range(2))
    assert first == again
    assert program.tasks("number", 3, 0) != program.tasks("number", 3, 1)
