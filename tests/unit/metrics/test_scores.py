"""Rows of scores beside the base's, and forgetting, against hand-computed numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.config.suite import Suite
from tms.io.errors import InputError
from tms.metrics.scores import TIDY, forgetting, forgetting_floor, read_scores, tidy, tidy_also

RETENTION = ["facts", "refusal"]
SUITE = Suite(["countdown", "chain"], RETENTION)


def scores(**values):
    return {
        name: {"metric": "accuracy", "score": value, "n": 100, "ci_low": 0.0, "ci_high": 1.0}
        for name, value in values.items()
    }


BASE = scores(countdown=0.4, chain=0.3, facts=1.0, refusal=0.8)
RUNS = {
    ("countdown", 0): scores(countdown=0.6, chain=0.2, facts=0.9, refusal=0.9),
    ("countdown", 1): scores(countdown=0.8, chain=0.1, facts=0.7, refusal=0.8),
    ("chain", 0): scores(countdown=0.3, chain=0.9, facts=1.0, refusal=0.4),
    ("chain", 1): scores(countdown=0.5, chain=0.7, facts=0.8, refusal=0.6),
}


def test_tidy_rows_name_each_benchmarks_group():
    rows = tidy("m", "tms", BASE, RUNS, SUITE)
    assert len(rows) == 4 * 4
    groups = {(row["train_task"], row["benchmark"]): row["group"] for row in rows}
    assert groups["chain", "chain"] == groups["countdown", "countdown"] == "target"
    assert groups["chain", "countdown"] == groups["countdown", "chain"] == "transfer"
    assert groups["chain", "facts"] == "retention"
    assert rows[0]["delta"] == pytest.approx(0.2)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9))
def test_forgetting_is_never_positive_and_never_above_the_mean_delta(deltas):
    assert forgetting(np.array(deltas)) <= 0
    assert forgetting(np.array(deltas)) <= np.mean(deltas) + 1e-12


def test_forgetting_on_the_floor_where_nothing_changes():
    """Monte Carlo: both models answer with probability 0.8, each on 200 examples of its own."""
    columns = np.array([[0.8], [0.8], [200]])
    draws = np.random.default_rng(0).binomial(200, 0.8, size=(20_000, 2)) / 200
    simulated = np.minimum(draws[:, 0] - draws[:, 1], 0).mean()
    assert forgetting_floor(*columns) == pytest.approx(simulated, rel=0.03)
    assert forgetting_floor(*columns) == pytest.approx(-math.sqrt(0.32 / 200) * 0.39894, rel=1e-4)
    assert forgetting_floor(*np.array([[1.0], [1.0], [150]])) == 0


@pytest.mark.parametrize("name, text", [("missing", None), ("broken", '{"chain": '), ("partial", "{}")])
def test_files_that_cannot_be_read_are_named(tmp_path, name, text):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=name):
        read_scores(tmp_path / name, ["chain"])


def test_other_metrics_of_the_same_rows_are_in_no_average():
    suite = Suite(["math"], ["hotpotqa"])
    em = {"em": {"score": 0.25, "n": 100, "ci_low": 0.2, "ci_high": 0.3}}
    base, run = scores(math=0.4, hotpotqa=0.5), scores(math=0.6, hotpotqa=0.7)
    base["hotpotqa"]["also"] = {"em": em["em"] | {"score": 0.5}}
    run["hotpotqa"]["also"] = em
    (line,) = tidy_also("m", "tms", base, {("math", 0): run}, suite)
    assert list(line) == TIDY[:-1]
    assert (line["benchmark"], line["group"], line["metric"]) == ("hotpotqa", "also", "em")
    assert (line["score"], line["base_score"], line["delta"]) == (0.25, 0.5, -0.25)
