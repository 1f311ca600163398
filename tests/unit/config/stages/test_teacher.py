"""Flags of the teacher's sampling and of its filter."""

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.stages import teacher


def test_a_teacher_samples():
    assert teacher.model(SHIPPED, "tiny_teacher") == "models/tiny/teacher"
    assert teacher.sample_flags(SHIPPED, "chain", "miniature", "tiny_teacher") == (
        "--task chain --max-new-tokens 96 --engine transformers --threads 1 --cache rows "
        "--model models/tiny/teacher --tries 2 --temperature 0.7 --top-p 0.95 --seed 0"
    )


def test_given_answers_stand_in_for_a_teacher():
    assert teacher.model(SHIPPED, "given") == []
    assert teacher.sample_flags(SHIPPED, "math", "paper", "given") == (
        "--task math --max-new-tokens 4096 --engine transformers --threads 1 --cache rows --given"
    )


def test_the_filter_names_the_grader():
    flags = teacher.filter_flags(SHIPPED, "mini_countdown", "tiny_teacher")
    assert flags == "--task mini_countdown --grader countdown"
    assert teacher.filter_flags(SHIPPED, "math", "given") == "--task math --grader math --given"


@pytest.mark.parametrize("grader", ["none", "judge", "wildguard", "f1", "rouge", "vqa", "anls"])
def test_graders_that_cannot_verify_take_references_as_they_are(grader):
    tasks = SHIPPED["tasks"] | {"faq": SHIPPED["tasks"]["math"] | {"grader": grader}}
    config = SHIPPED | {"tasks": tasks}
    assert teacher.filter_flags(config, "faq", "given") == "--task faq --grader none --given"
    assert teacher.filter_flags(config, "faq", "llama70b") == "--task faq --grader none"


def test_given_answers_are_taken_as_they_are_where_the_user_says_so():
    config = SHIPPED | {"teachers": {"given": {"verify": False}}}
    assert teacher.filter_flags(config, "math", "given") == "--task math --grader none --given"
