"""Stages and times in words."""

import re

import pytest
from helpers.paths import ROOT

from tms.status.words import STAGES, about, span, stage


def test_every_rule_has_words_and_no_other():
    text = "\n".join(path.read_text() for path in [ROOT / "Snakefile", *ROOT.glob("workflow/rules/*.smk")])
    rules = re.findall(r"^(?:rule|use rule \w+ as) (\w+)", text, re.M)
    assert sorted(rules) == sorted(STAGES)
    assert len(rules) > 40
    assert stage("my_rule") == "my rule"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "0 s"), (59.6, "60 s"), (60, "1 min"), (3599, "59 min"), (7500, "2 h 05 min"), (-1, "0 s")],
)
def test_span(seconds, said):
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (31, "about 1 min"),
        (9.6 * 60, "about 10 min"),
        (12 * 60, "about 10 min"),
        (58 * 60, "about 1 h"),
        (59.9 * 60, "about 1 h"),
        (130 * 60, "about 2 h 10 min"),
        (11.4 * 3600, "about 11 h"),
        (100 * 3600, "about 4 days"),
    ],
)
def test_about_is_no_finer_than_one_can_tell(seconds, said):
    assert about(seconds) == said
