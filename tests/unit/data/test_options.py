"""Options of tasks: one of another type, or of no use, is one line and no endless search."""

import re

import pytest

from tms.data.options import read_options
from tms.io.errors import InputError
from tms.tasks import chain, countdown

DEFAULTS = {"count": [3, 4], "limit": 5, "order": "official", "revision": None, "subset": False}


@pytest.mark.parametrize(
    "given",
    [{}, {"count": 3}, {"count": [2]}, {"limit": 7, "revision": "abc"}, {"revision": None, "subset": True}],
)
def test_options_lie_over_their_defaults(given):
    assert read_options("kind", given, DEFAULTS) == DEFAULTS | given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"limit": "1e2"}, "option limit is '1e2'; write a value like its default, 5"),
        ({"limit": 5.0}, "option limit is 5.0"),
        ({"limit": True}, "option limit is True"),
        ({"limit": None}, "option limit is None"),
        ({"limit": 0}, "option limit is 0; write a number from 1 to"),
        ({"limit": 10**12}, "option limit is 1000000000000; write a number"),
        ({"count": []}, r"option count is \[\]"),
        ({"count": [3, "4"]}, r"option count is \[3, '4'\]"),
        ({"count": [-3]}, r"option count is \[-3\]; write a number"),
        ({"subset": "no"}, "option subset is 'no'"),
        ({"revision": 12}, "option revision is 12; write text"),
        ({"ordr": "hash"}, "unknown option 'ordr'; known are count"),
    ],
)
def test_an_option_of_another_kind_is_named(given, words):
    with pytest.raises(InputError, match=words):
        read_options("kind", given, DEFAULTS)


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        (chain, {"max_number": 1}, "max_number is 1; write at least 2"),
        (chain, {"max_number": 900, "max_value": 1}, "20000 draws in a row gave no problem"),
        (countdown, {"operators": "+", "count": 8, "max_target": 1}, "20000 draws in a row gave no problem"),
        (countdown, {"prompt": "make {goal}"}, "option prompt is 'make {goal}'"),
        (countdown, {"prompt": "make {"}, "option prompt is 'make {'"),
        (countdown, {"prompt": "make {0}"}, "option prompt is 'make {0}'"),
    ],
)
def test_options_that_give_no_problem_are_refused(task, options, words):
    with pytest.raises(InputError, match=re.escape(words)):
        task.build("train", 3, 0, options)
