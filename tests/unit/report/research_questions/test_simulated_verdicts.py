"""Verdicts on simulated studies without a difference, at the size that a quick test allows.

docs/results/verdicts.md has all questions and 2,000 studies a setting.
"""

import sys
from functools import cache

import pytest
from helpers.paths import ROOT

from tms.metrics import per_example

STUDIES = 30


@pytest.fixture
def studies(monkeypatch):
    """The module of simulated studies; draws and halves are kept, as its program does."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import simulated_studies

    monkeypatch.setattr(per_example, "resampled_means", simulated_studies.resampled_means)
    monkeypatch.setattr(per_example, "half_of", cache(per_example.half_of))
    yield simulated_studies
    sys.modules.pop("simulated_studies")


def test_runs_that_vary_make_no_verdict(studies):
    """Deviation 2 points, two seeds: the examples alone would find a difference in a quarter of them."""
    found = studies.block("equal", 2, 2.0, 0, STUDIES)
    alone = sum(found[f"{studies.ALONE}: {word}"] for word in ("supported", "contradicted"))
    assert alone >= STUDIES / 10
    wrong = {
        name: sum(found.get(f"{name}: {word}", 0) for word in ("supported", "contradicted"))
        for name in studies.QUESTIONS
    }
    assert max(wrong.values()) <= STUDIES / 10, wrong
    assert not any("for this run" in word for word in found)


def test_one_seed_speaks_of_its_run_alone(studies):
    found = studies.block("equal", 1, 2.0, 0, 10)
    for name in studies.QUESTIONS:
        said = [word for word in found if word.startswith(f"{name}: ")]
        assert said and all(word.endswith(" for this run") for word in said)


def test_a_large_difference_is_seen(studies):
    """Four points where runs do not vary, five seeds: most studies answer a question about one difference."""
    found = studies.block("better", 5, 0.0, 0, 10)
    assert min(found.get(f"{name}: supported", 0) for name in ("RQ1", "RQ2")) >= 5
