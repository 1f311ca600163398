"""Points of points against the table's own arithmetic."""

import itertools
import math

import numpy as np
import pytest

from tms.config.suite import Suite
from tms.experiments.points import HALVES, coordinates, half, read_checkpoints
from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics import scores

SUITE = Suite(["math", "chain"], ["facts", "lookup"], views={"math500": "math"}, safety=["guard"])
RUNS = list(itertools.product(["math", "chain"], [0, 1, 2]))


def grades(rng, n=40):
    return {name: {f"{name}-{i}": float(rng.random() < 0.6) for i in range(n)} for name in SUITE.benchmarks}


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    base = grades(rng)
    points = {("sft", point): {run: grades(rng) for run in RUNS} for point in ("1of2", "")}
    return base, points


def summary(base, runs, keep):
    """The table's row of a method, from the grades that count."""

    def of(model):
        return {
            name: {
                "metric": "accuracy",
                "score": np.mean([value for example, value in items.items() if keep(name, example)]),
                **{"n": 1, "ci_low": 0, "ci_high": 1},
            }
            for name, items in model.items()
        }

    cells = scores.tidy("m", "sft", of(base), {run: of(own) for run, own in runs.items()}, SUITE)
    return scores.summary(cells, SUITE)["method"]


@pytest.mark.parametrize("part", ["", *HALVES])
def test_coordinates_are_those_of_the_table(found, part):
    base, points = found
    own = coordinates(base, points, SUITE, part)
    for index, runs in enumerate(points.values(), start=1):
        row = summary(base, runs, lambda name, example: part in ("", half(name, example)))
        assert own.target_PSD[index, :, 0].mean() == pytest.approx((row["math"] + row["chain"]) / 2)
        assert own.forgetting_PSD[index, :, 0].mean() == pytest.approx(row["forgetting"])
        assert own.retention_PSD[index, :, 0].mean() == pytest.approx((row["facts"] + row["lookup"]) / 2)
        one = summary(
            base,
            {run: runs[run] for run in RUNS if run[1] == 2},
            lambda name, example: part in ("", half(name, example)),
        )
        assert own.forgetting_PSD[index, 2, 0] == pytest.approx(one["forgetting"])
    assert np.all(own.forgetting_PSD[0] == 0)
    assert np.all(own.forgetting_PSD <= 0)
    assert own.seeds == 3


def test_halves_share_no_example_and_leave_none_out(found):
    base, points = found
    sizes = [coordinates(base, points, SUITE, part) for part in ("", *HALVES)]
    assert sizes[0].n_target == 80 == sizes[1].n_target + sizes[2].n_target
    assert sizes[0].n_retention == 80 == sizes[1].n_retention + sizes[2].n_retention


def test_a_half_is_a_fair_coin_of_the_name():
    names = [f"example-{i}" for i in range(4000)]
    first = [half("facts", name) == "validation" for name in names]
    assert abs(np.mean(first) - 0.5) < 4 * 0.5 / math.sqrt(4000)
    other = [half("lookup", name) == "validation" for name in names]
    assert abs(np.mean(np.equal(first, other)) - 0.5) < 4 * 0.5 / math.sqrt(4000)
    # SHA-256 of "facts\0example-1" begins with b4, an even byte; a change would redraw every reported number.
    assert half("facts", "example-1") == "validation"


def test_the_order_of_examples_and_points_is_nothing(found):
    base, points = found
    turned = {name: dict(reversed(items.items())) for name, items in base.items()}
    again = coordinates(turned, dict(reversed(points.items())), SUITE, "test")
    assert np.allclose(again.target_PSD[[0, 2, 1]], coordinates(base, points, SUITE, "test").target_PSD)


def test_resamples_are_paired(found):
    """A point with theta_0's own grades forgets nothing on any resample; the spread is the binomial's."""
    base, _ = found
    own = coordinates(base, {("sft", ""): {run: base for run in RUNS}}, SUITE)
    assert np.all(own.forgetting_PSD == 0)
    assert np.array_equal(own.retention_PSD[1], own.retention_PSD[0])
    shares = [np.mean(list(base[name].values())) for name in SUITE.targets]
    error = math.sqrt(sum(share * (1 - share) / 40 for share in shares)) / 2
    assert own.target_PSD[1, :, 1:].mean(axis=0).std() == pytest.approx(error, rel=0.05)


def test_what_does_not_fit_is_refused(found):
    base, points = found
    lacking = {("tms", "1of2"): {run: own for run, own in points["sft", ""].items() if run != ("chain", 1)}}
    with pytest.raises(InputError, match="tms has no run chain/seed1 at checkpoint 1of2"):
        coordinates(base, points | lacking, SUITE)
    fewer = base | {"facts": dict(list(base["facts"].items())[1:])}
    with pytest.raises(InputError, match="sft/math/seed0/1of2: other examples of facts than theta_0"):
        coordinates(fewer, points, SUITE)
    small = [{name: dict(list(items.items())[:1]) for name, items in base.items()}]
    runs = {("sft", ""): {run: small[0] for run in RUNS}}
    with pytest.raises(InputError, match=r"no graded example .*tasks\..*\.limit"):
        coordinates(small[0], runs, SUITE, "test")


def test_grades_by_checkpoint(tmp_path):
    lines = [
        {"example_id": "a", "benchmark": "facts", "checkpoint": "1of2", "grade": 1.0},
        {"example_id": "a", "benchmark": "facts", "checkpoint": "1of5", "grade": 0.0},
        {"example_id": "b", "benchmark": "facts", "checkpoint": "1of5", "grade": None},
        {"example_id": "a", "benchmark": "guard", "checkpoint": "1of5", "grade": 1.0},
    ]
    empty = {"sample": 0, "extracted": "", "also": "{}", "finish_reason": "stop", "reason": ""}
    parquet.write(tmp_path / "grades.parquet", parquet.GRADES, [empty | line for line in lines], {})
    assert read_checkpoints(tmp_path / "grades.parquet", ["facts"]) == {
        "1of2": {"facts": {"a": 1.0}},
        "1of5": {"facts": {"a": 0.0}},
    }
