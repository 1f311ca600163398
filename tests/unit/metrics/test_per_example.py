"""PerExample of scores: reading them, and resampling them jointly."""

import json

import numpy as np
import pytest

from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics.per_example import PerExample, read_per_example, resampled_scores
from tms.metrics.statistics import resampled_means


def row(benchmark, example, grade, **also):
    return {
        "example_id": example,
        "benchmark": benchmark,
        "checkpoint": "",
        "sample": 0,
        "extracted": "",
        "grade": grade,
        "also": json.dumps(also),
        "finish_reason": "stop",
        "reason": "",
    }


def items(scores, counts=None, benchmark="facts"):
    names = tuple(f"e{i:03d}" for i in range(len(scores)))
    return PerExample(benchmark, names, np.array(scores, float), np.array(counts or [1] * len(scores), float))


def test_rows_of_another_file_order_are_aligned(tmp_path):
    path = tmp_path / "grades.parquet"
    found = [
        row("guard", "b", 1.0, harmful=[0.0]),
        row("guard", "a", None, refused=[1.0]),  # a benign prompt: no attack
        row("guard", "c", 0.0, harmful=[1.0], parts=[1.0, 0.0, 0.0]),
        row("other", "a", 1.0),
    ]
    parquet.write(path, parquet.GRADES, found, {})
    read = read_per_example(path, ["guard"])
    assert list(read) == ["guard", "guard.harmful", "guard.refused", "guard.parts"]
    assert read["guard"].examples == ("b", "c") and list(read["guard"].sums_N) == [1.0, 0.0]
    assert (read["guard.parts"].score, read["guard.parts"].n) == (pytest.approx(1 / 3), 3)
    assert read["guard"].binary and not read["guard.parts"].binary
    assert {own.benchmark for own in read.values()} == {"guard"}


def test_scores_are_the_ratio_of_resampled_items():
    sums, counts = [2.0, 0.0, 1.0, 3.0], [2, 1, 3, 3]
    found = resampled_scores("facts.parts", {"base": {"facts.parts": items(sums, counts)}})["base"]
    assert np.allclose(found, resampled_means([sums], "facts")[0] / resampled_means([counts], "facts")[0])
    assert found.mean() == pytest.approx(6 / 9, abs=0.05)


def test_benchmarks_are_resampled_independently():
    """Grades in the same order of size must not move together: the mean of two has half the variance."""
    first, second = items([1.0] * 60 + [0.0] * 40), items([1.0] * 60 + [0.0] * 40, benchmark="lookup")
    drawn = [
        resampled_scores(own.benchmark, {"base": {own.benchmark: own}})["base"] for own in (first, second)
    ]
    assert abs(np.corrcoef(drawn)[0, 1]) < 0.04  # four standard errors of 10,000 resamples
    assert np.var(np.mean(drawn, axis=0)) == pytest.approx(0.24 / 100 / 2, rel=0.08)


def test_an_item_that_one_model_lacks_does_not_count_for_it():
    whole = items([1.0, 0.0, 1.0, 1.0] * 50)
    part = PerExample("facts", whole.examples[:100], whole.sums_N[:100], whole.counts_N[:100])
    found = resampled_scores("facts.em", {"base": {"facts.em": whole}, "run": {"facts.em": part}})
    assert found["run"].mean() == pytest.approx(0.75, abs=0.01)
    assert found["run"].std() == pytest.approx(np.sqrt(0.75 * 0.25 / 100), rel=0.1)
    assert found["base"].std() == pytest.approx(np.sqrt(0.75 * 0.25 / 200), rel=0.1)


@pytest.mark.parametrize("other", [{}, {"facts": items([1.0, 0.0])}])
def test_grades_on_other_examples_are_refused(other):
    with pytest.raises(InputError, match="grades of tms/chain/seed0: other examples of facts"):
        resampled_scores("facts", {"base": {"facts": items([1.0, 0.0, 1.0])}, "tms/chain/seed0": other})
