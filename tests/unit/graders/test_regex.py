"""Patterns that the rows bring: matches, broken ones, and one that never ends."""

import pytest

from tms.answers.grade import LIMIT
from tms.graders import regex
from tms.grading.pool import Task, grade_all
from tms.grading.worker import Limits
from tms.io.errors import InputError


@pytest.mark.parametrize(
    ("completion", "pattern", "score"),
    [
        ("Order #123 was sent.", r"#\d+", 1),
        ("order sent", r"^Order", 0),
        ("ORDER sent", r"(?i)^order\b", 1),
        ("a\nb", r"^b$", 0),
        ("a\nb", r"(?m)^b$", 1),
        ("I cannot say.", r"\A(?!.*refund)", 1),
        ("A refund is due.", r"\A(?!.*refund)", 0),
        ("", "a", 0),
    ],
)
def test_the_pattern_is_searched(completion, pattern, score):
    assert regex.grade(completion, pattern).score == score


def test_what_matched_is_shown():
    assert regex.grade("x Order #123 y", r"#\d+").extracted == "#123"


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a{99999999999999}", "(?<n>", "*", "(" * 5000 + ")" * 5000, ""]
)
def test_a_broken_pattern_is_named(pattern):
    with pytest.raises(InputError, match="the gold answer"):
        regex.read_gold(pattern)


def test_a_pattern_without_end_costs_its_own_row_alone():
    tasks = [
        Task("regex", "a" * 40, "(a+)+$"),
        Task("regex", "a" * 40 + "!", "(a+)+$"),
        Task("regex", "yes", "yes"),
    ]
    grades = grade_all(tasks, 2, limits=Limits(cpu=0.3))
    assert [(grade.score, grade.failure) for grade in grades] == [(1.0, ""), (0.0, LIMIT), (1.0, "")]
