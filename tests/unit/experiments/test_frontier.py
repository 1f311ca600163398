"""The comparison of two fronts against its own parts, closed forms and simulation."""

import numpy as np
import pytest
from helpers.simulated_grades import SUITE, TRADE, true_plane, world
from scipy.stats import binomtest, ttest_1samp

from tms.experiments.frontier import control, members_of, plane
from tms.experiments.pareto import dominated_area, nondominated
from tms.io.errors import InputError
from tms.metrics import statistics
from tms.metrics.per_example import HALVES
from tms.metrics.summary import BASE, summarise

REFERENCE = (0.0, -0.3)
SIDES = {f"{side}{i}": side for side in ("sft", "tms", "average") for i in range(20)}


def sides(points):
    """The side of each method that is there, by its name."""
    return {method: SIDES[method] for method, _ in points}


def area(points, reference):
    return float(dominated_area(np.array(points).T, reference, np.ones(len(points), bool)))


def test_sides_have_as_many_points():
    points = [("sft0", "1of2"), ("tms0", ""), ("sft0", ""), ("tms0", "1of2")]
    assert members_of(points, sides(points)) == {"sft": [0, 1, 3], "tms": [0, 2, 4]}
    with pytest.raises(InputError, match=r"experiments.frontier: .*: sft 2, tms 1; .*training.checkpoints"):
        members_of(points[:3], sides(points))
    points += [("lora4", ""), ("lora16", "")]
    three = sides(points[:4]) | {"lora4": "lora", "lora16": "lora"}
    assert members_of(points, three) == {"sft": [0, 1, 3], "tms": [0, 2, 4], "lora": [0, 5, 6]}
    with pytest.raises(InputError, match="sft 2, tms 2, lora 1; give all sides as many"):
        members_of(points[:-1], three)


def compare(base, points, reference=REFERENCE):
    summaries = [summarise(base, points, SUITE, half=half, transfer=False)[""] for half in HALVES]
    halves = [[found[point] for point in (BASE, *points)] for found in summaries]
    return control(*halves, members_of(list(points), sides(points)), reference), *halves


@pytest.fixture
def few_resamples(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 300)


def test_equal_sides_differ_by_nothing(few_resamples):
    base, points = world(np.random.default_rng(2), TRADE[:3], [], 100)
    points |= {(f"tms{i}", ""): points[f"sft{i}", ""] for i in range(3)}
    found, *_ = compare(base, points)
    assert (found.differences["tms", "sft"].value, found.differences["tms", "sft"].interval) == (0, (0, 0))
    assert found.differences["tms", "sft"].p_value == 1
    assert found.areas["sft"] == found.areas["tms"]


def test_averages_are_a_side_that_changes_nothing_of_the_others(few_resamples):
    base, points = world(np.random.default_rng(8), TRADE[:3], TRADE[1:4], 100)
    two, *_ = compare(base, points)
    assert two.differences.keys() == {("tms", "sft")}
    for source in ("sft", "tms"):
        averages = {(f"average{i}", ""): points[f"{source}{i}", ""] for i in range(3)}
        three, *_ = compare(base, points | averages)
        assert three.differences["tms", "sft"] == two.differences["tms", "sft"]
        assert {side: three.areas[side] for side in ("sft", "tms")} == two.areas
        assert three.areas["average"] == two.areas[source]
        assert (
            three.differences["average", "sft"].value
            == (source == "tms") * two.differences["tms", "sft"].value
        )
    assert three.differences["tms", "average"].value == 0 != two.differences["tms", "sft"].value


def test_points_are_selected_on_validation_and_measured_on_test(few_resamples):
    base, points = world(np.random.default_rng(3), TRADE, TRADE, 100)
    found, validation, test = compare(base, points)
    for side, members in members_of(list(points), sides(points)).items():
        picked = nondominated(plane([validation[i] for i in members])[:, :, 0])
        assert found.selected[side] == [i for i, kept in zip(members, picked, strict=True) if kept]
        measured = [tuple(plane([test[i]])[:, 0, 0]) for i in found.selected[side]]
        assert found.areas[side]["test"].value == pytest.approx(area(measured, REFERENCE))
        selecting = [tuple(plane([validation[i]])[:, 0, 0]) for i in found.selected[side]]
        assert found.areas[side]["validation"].value == pytest.approx(area(selecting, REFERENCE))
    by_side = [found.areas[side]["test"].value for side in ("tms", "sft")]
    assert found.differences["tms", "sft"].value == pytest.approx(by_side[0] - by_side[1])
    far = compare(base, points, reference=(0.0, -1e-3))[0]
    for side in ("sft", "tms"):
        low = [i for i in far.selected[side] if test[i].value("forgetting") <= -1e-3]
        assert far.beyond[side] == low and low


def test_seeds_repeat_the_whole_comparison(few_resamples):
    base, points = world(np.random.default_rng(4), TRADE, TRADE, 100, seeds=3)
    found, *_ = compare(base, points)
    alone = []
    for seed in range(3):
        one = {point: {("chain", 0): runs["chain", seed]} for point, runs in points.items()}
        alone.append(compare(base, one)[0].differences["tms", "sft"].value)
        assert compare(base, one)[0].differences["tms", "sft"].seeds_interval is None
    expected = ttest_1samp(alone, 0).confidence_interval(0.95)
    assert found.differences["tms", "sft"].seeds_interval == pytest.approx(tuple(expected))


def test_a_clearly_better_side_is_found():
    better = [(target + 0.3, facts + 0.4, lookup + 0.4) for target, facts, lookup in TRADE]
    found, *_ = compare(*world(np.random.default_rng(5), TRADE, better, 1000))
    assert found.differences["tms", "sft"].interval[0] > 0 and found.differences["tms", "sft"].p_value < 0.01
    truth = [
        dominated_area(true_plane(side), REFERENCE, np.ones(1 + len(side), bool)) for side in (better, TRADE)
    ]
    low, high = found.differences["tms", "sft"].interval
    assert low < truth[0] - truth[1] < high


def test_measuring_on_the_half_that_selected_is_optimistic(monkeypatch):
    """Twelve equal points: the best by chance seem better than they are, unless measured apart."""
    monkeypatch.setattr(statistics, "RESAMPLES", 2)
    equal, rng = [(0.3, 0.8, 0.8)] * 12, np.random.default_rng(6)
    truth = dominated_area(true_plane(equal), REFERENCE, np.ones(13, bool))
    excess = []
    for _ in range(60):
        found, *_ = compare(*world(rng, equal, equal, 100))
        excess += [[areas[half].value - truth for half in HALVES] for areas in found.areas.values()]
    same, apart = np.array(excess).T
    assert ttest_1samp(same, 0).confidence_interval(0.999).low > 0
    assert ttest_1samp(same - apart, 0).confidence_interval(0.999).low > 0
    assert abs(apart.mean()) < same.mean() / 3


@pytest.mark.slow
@pytest.mark.parametrize("models", [TRADE, [(0.3, 0.8, 0.8)] * 6], ids=["trade", "equal"])
def test_under_the_null_the_interval_covers_no_difference(few_resamples, models):
    """At least 95 % of the time: selecting anew in each resample makes the interval wide, not narrow."""
    rng, covered, rejected, sims = np.random.default_rng(7), 0, 0, 300
    for _ in range(sims):
        difference = compare(*world(rng, models, models, 200))[0].differences["tms", "sft"]
        covered += difference.interval[0] <= 0 <= difference.interval[1]
        rejected += difference.p_value < 0.05
    print(f"covered {covered / sims:.1%}, rejected {rejected / sims:.1%}")
    assert binomtest(covered, sims, 0.95, alternative="less").pvalue > 0.001
    assert binomtest(rejected, sims, 0.05, alternative="greater").pvalue > 0.001
