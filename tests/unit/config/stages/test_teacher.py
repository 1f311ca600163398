"""Flags of the teacher's sampling and of its filter."""

from helpers.shipped_config import SHIPPED

from tms.config.stages import teacher


def test_a_teacher_samples():
    assert teacher.model(SHIPPED, "tiny_teacher") == "models/tiny/teacher"
    assert teacher.sample_flags(SHIPPED, "chain", "miniature", "tiny_teacher") == (
        "--task chain --max-new-tokens 96 --engine transformers --threads 1 --cache rows "
        "--model models/tiny/teacher --tries 2 --temperature 0.7 --top-p 0.95 --seed 0"
    )


def test_worked_solutions_stand_in_for_a_teacher():
    assert teacher.model(SHIPPED, "solutions") == []
    assert teacher.sample_flags(SHIPPED, "math", "paper", "solutions") == (
        "--task math --max-new-tokens 4096 --engine transformers --threads 1 --cache rows --solutions"
    )


def test_the_filter_names_the_grader():
    assert teacher.filter_flags(SHIPPED, "mini_countdown") == "--task mini_countdown --grader countdown"
