"""The choice for a tolerance on made-up points, and what it claims of sides that are equal."""

import numpy as np
import pytest
from helpers.simulated_grades import SUITE, TRADE, items, world
from hypothesis import given
from hypothesis import strategies as st

from tms.config.suite import Suite
from tms.experiments.choice import choice_cells, choices, choose
from tms.experiments.frontier import members_of, plane
from tms.metrics import statistics
from tms.metrics.per_example import HALVES
from tms.metrics.summary import BASE, summarise

POINTS = [(0.3, 0.0), (0.5, -0.004), (0.6, -0.01), (0.6, -0.008), (0.7, -0.03), (0.9, -0.2)]


def at(points, tolerance):
    return int(choose(np.array(points).T[:, :, None], tolerance)[0])


def test_the_highest_target_within_the_tolerance_is_chosen():
    assert [at(POINTS, tolerance) for tolerance in (0.0, 0.005, 0.01, 0.02, 0.05, 1.0)] == [0, 1, 3, 3, 4, 5]
    assert at([(0.3, 0.0), (0.2, 0.0)], 1.0) == 0  # training that gains nothing: theta_0
    assert at([(0.3, 0.0), (0.5, -0.01), (0.5, -0.01)], 0.01) == 1  # equal ones: the first
    both = np.stack([np.array(POINTS).T, np.array(POINTS)[[0, 5, 1, 1, 1, 1]].T], axis=-1)
    assert list(choose(both, 0.05)) == [4, 2]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(-1, 0)), min_size=1, max_size=8),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_wider_tolerance_never_has_a_lower_target(points, one, other):
    points = [(0.5, 0.0), *points]
    low, high = sorted((one, other))
    narrow, wide = points[at(points, low)], points[at(points, high)]
    assert narrow[1] >= -low - 1e-9 and wide[0] >= narrow[0] - 1e-9


@pytest.fixture
def few_resamples(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 200)


def chosen(base, points, tolerances=(0.05, 0.3)):
    sides = {method: method.rstrip("0123456789") for method, _ in points}
    members = members_of(list(points), sides)
    summaries = [summarise(base, points, SUITE, half=half, transfer=False)[""] for half in HALVES]
    halves = [[found[point] for point in (BASE, *points)] for found in summaries]
    return choices(*halves, members, tolerances), *halves, members


def test_it_is_selected_on_validation_and_measured_on_test(few_resamples):
    base, points = world(np.random.default_rng(1), TRADE, TRADE[::-1], 150, seeds=2)
    found, validation, test, members = chosen(base, points)
    for one in found:
        selecting, measuring = plane(validation)[:, :, 0], plane(test)[:, :, 0]
        allowed = [i for i in range(13) if selecting[1, i] >= -one.tolerance]
        best = max(allowed, key=lambda i: (selecting[0, i], selecting[1, i], -i))
        assert one.best[one.side] == best
        assert one.differences[BASE].value == pytest.approx(measuring[0, best] - measuring[0, 0])
        assert sum(one.shares.values()) == pytest.approx(1) and sum(one.seeds.values()) == 2
        drawn = plane(validation)[:, :, 1:].round(9)  # equal sums may differ by rounding
        anew = [
            max(
                (i for i in range(13) if drawn[1, i, draw] >= -one.tolerance - 1e-12),
                key=lambda i, draw=draw: (drawn[0, i, draw], drawn[1, i, draw], -i),
            )
            for draw in range(drawn.shape[2])
        ]
        assert one.settings[one.side] == anew.count(best) / len(anew) <= one.shares[one.side]
        for side, own in members.items():
            within = [i for i in own if i in allowed]
            best_of_side = max(within, key=lambda i: (selecting[0, i], selecting[1, i], -i))
            assert one.best[side] == best_of_side
            if side != one.side:
                difference = measuring[0, best] - measuring[0, best_of_side]
                assert one.differences[side].value == pytest.approx(difference)
        assert one.side not in one.differences and one.differences.keys() | {one.side} == {BASE, *members}


def test_seeds_choose_by_themselves(few_resamples):
    base, points = world(np.random.default_rng(3), TRADE, TRADE, 100, seeds=3)
    found, *_ = chosen(base, points)
    for seed in range(3):
        alone = {point: {("chain", 0): runs["chain", seed]} for point, runs in points.items()}
        for one, of_seed in zip(found, chosen(base, alone)[0], strict=True):
            assert all(one.seeds_interval is None for one in of_seed.differences.values())
            assert of_seed.seeds == {name: int(name == of_seed.side) for name in of_seed.seeds}
            assert one.seeds[of_seed.side] >= 1
    assert all(one.seeds_interval for one in found[0].differences.values())


def test_training_that_forgets_too_much_leaves_the_base(few_resamples):
    base, points = world(np.random.default_rng(4), [(0.9, -1, -1)] * 2, [(0.9, -1, -1)] * 2, 200)
    (one,), *_ = chosen(base, points, (0.01,))
    assert (one.side, one.shares[BASE], one.best) == (BASE, 1.0, {BASE: 0, "sft": 0, "tms": 0})
    assert [one.differences[side].value for side in ("sft", "tms")] == [0, 0]
    cells = choice_cells("m", [one], list(points), 1)
    shares = [cell for cell in cells if cell["quantity"] == "chosen.share"]
    assert {(cell["method"], cell["checkpoint"], cell["x"]) for cell in shares} == {(BASE, "", 0.01)}
    assert [(cell["group"], cell["mark"]) for cell in shares] == [(BASE, "best"), ("sft", ""), ("tms", "")]


def test_a_setting_is_compared_with_the_base_as_it_is_and_sides_as_they_are_selected(few_resamples):
    """Near the tolerance noise decides what a side has: that widens the sides' difference alone."""
    own = [(0.6, 0.72, 0.72)]
    base, points = world(np.random.default_rng(7), own * 3, own * 3, 200)
    (one,), *_ = chosen(base, points, (0.03,))
    assert one.side != BASE and 0.1 < one.shares[one.side] < 0.9
    (other,) = {"sft", "tms"} - {one.side}
    widths = {side: np.diff(one.differences[side].interval)[0] for side in (BASE, other)}
    assert one.differences[BASE].p_value < 0.05 < one.differences[other].p_value
    assert widths[other] > 1.5 * widths[BASE]


def test_of_several_targets_one_without_a_difference_is_not_taken_as_certain(few_resamples):
    """Two sides differ on one target; on the other, of 12 examples, each is right on all of them."""
    suite = Suite(["chain", "count"], ["facts"])
    sizes = {"chain": 400, "count": 24, "facts": 40}

    def model(right):
        return {
            name: items(name, {f"{name}-{i}": float(name != "chain" or i % 10 < right) for i in range(n)})
            for name, n in sizes.items()
        }

    base = model(1) | {"count": items("count", {f"count-{i}": 0.0 for i in range(24)})}
    points = {
        (side, ""): {(task, 0): model(right) for task in suite.targets}
        for side, right in (("sft", 4), ("tms", 6))
    }
    members = members_of(list(points), {"sft": "sft", "tms": "tms"})
    summaries = [summarise(base, points, suite, half=half, transfer=False)[""] for half in HALVES]
    halves = [[found[point] for point in (BASE, *points)] for found in summaries]
    (one,) = choices(*halves, members, [0.05])
    n, own = halves[1][0].examples(["count"])["count"], one.differences["sft"]
    assert one.side == "tms" and own.value == pytest.approx(0.1, abs=0.04)
    (low, high), unseen = own.interval, 0.75 * 3 / n / 2  # chain's resamples alone give +- 0.03
    assert own.value - low > unseen < high - own.value
    assert low < 0 and own.p_value > 0.05
