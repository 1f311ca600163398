"""The plan's draws: right frequencies, independent visits, nested in alpha."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from tms.io import parquet
from tms.io.errors import InputError
from tms.mixture import build
from tms.mixture.plan import MixtureWeights, draw, heldout_plan, train_plan
from tms.mixture.schedule import visits
from tms.mixture.weights import checkpoint_weights


def mixture(alpha, *settings, **more):
    """The mixture that the settings of a method of kind tms make."""
    return MixtureWeights(alpha, *checkpoint_weights(*settings, **more))


TMS = mixture(0.25, 10)
NAMES = [f"chain-{i}" for i in range(4000)]
MANY = settings(max_examples=25)


def plan(names=NAMES, weights=TMS, epochs=2, samples=1, prompts_share=1.0, seed=0):
    return list(train_plan(names, weights, epochs * len(names), samples, prompts_share, seed))


def pairs(rows):
    return [tuple(pair.values()) for pair in build.pairs(parquet.table(parquet.PLAN, rows)).to_pylist()]


def targets(rows):
    return {(row["example_id"], row["epoch"]): (row["source"], row["checkpoint"]) for row in rows}


@MANY
@given(
    alpha=st.floats(0.05, 0.95),
    weights=st.lists(st.integers(0, 5), min_size=2, max_size=12).filter(lambda found: sum(found) > 0),
    seed=st.integers(0, 10**9),
)
def test_frequencies_match_alpha_and_p(alpha, weights, seed):
    weights = [weight / sum(weights) for weight in weights]
    chosen = mixture(alpha, len(weights), weights=weights)
    drawn = Counter(row["checkpoint"] for row in plan(NAMES[:2000], chosen, seed=seed))
    n = 2 * 2000
    expected = {"": alpha * n} | {
        point: (1 - alpha) * weight * n
        for point, weight in zip(chosen.points, chosen.weights, strict=True)
        if weight
    }
    assert set(drawn) <= set(expected)
    # A wrong p(t) gives p-values below 1e-20; right ones fall below 1e-7 once in 400,000 runs of this test.
    assert chisquare([drawn[name] for name in expected], list(expected.values())).pvalue > 1e-7


@MANY
@given(low=st.floats(0, 1), high=st.floats(0, 1), seed=st.integers(0, 1000))
def test_plans_are_nested_in_alpha(low, high, seed):
    low, high = sorted((low, high))
    small = targets(plan(NAMES[:200], mixture(low, 10), seed=seed))
    large = targets(plan(NAMES[:200], mixture(high, 10), seed=seed))
    for visit, target in large.items():
        assert target == small[visit] or target == ("teacher", "")
    teacher = {visit for visit, target in small.items() if target[0] == "teacher"}
    assert all(large[visit] == ("teacher", "") for visit in teacher)


def test_more_alpha_needs_no_new_completion():
    more = plan(weights=mixture(0.4, 10))
    assert set(pairs(more)) < set(pairs(plan()))


@pytest.mark.parametrize("window", ["early", "mid", "late"])
def test_windows_share_the_teachers_visits(window):
    uniform, windowed = targets(plan()), targets(plan(weights=mixture(0.25, 10, window)))
    assert {v for v, t in uniform.items() if t[0] == "teacher"} == {
        v for v, t in windowed.items() if t[0] == "teacher"
    }


def test_each_visit_is_a_draw_of_its_own():
    drawn = targets(plan())
    both = [(drawn[name, 0], drawn[name, 1]) for name in NAMES]
    # Independent draws agree with probability alpha^2 + 10 ((1 - alpha) / 10)^2 = 0.11875; SE 0.005.
    assert abs(sum(a == b for a, b in both) / len(both) - 0.11875) < 0.025
    teacher_twice = sum(a[0] == b[0] == "teacher" for a, b in both) / len(both)
    assert abs(teacher_twice - 0.0625) < 0.02


def test_distinct_pairs_a_prompt_match_the_closed_form():
    # A pair is named unless both visits miss it, each with probability 1 - (1 - alpha) / T.
    expected = 10 * (1 - (1 - 0.75 / 10) ** 2)
    assert round(expected, 2) == 1.44
    named = pairs(plan())
    assert len(set(named)) == len(named)
    assert abs(len(named) / len(NAMES) - expected) < 0.05


@MANY
@given(st.permutations(NAMES[:12]), st.integers(1, 12))
def test_a_draw_depends_on_no_other_example(names, kept):
    assert targets(plan(names[:kept])).items() <= targets(plan(NAMES[:12])).items()


def test_rows_follow_the_schedule_of_sft():
    rows = plan(NAMES[:50], epochs=3, seed=4)
    order = [(row["epoch"], row["position"], row["example_id"]) for row in rows]
    assert order == visits(NAMES[:50], 150, 4)


def test_the_extremes_of_alpha():
    assert {row["source"] for row in plan(weights=mixture(1, 10))} == {"teacher"}
    assert {row["source"] for row in plan(weights=mixture(0, 10))} == {"checkpoint"}


def test_self_sft_uses_one_completion_in_both_epochs():
    assert sorted(pairs(plan(weights=MixtureWeights(0.0, ("0of1",), (1.0,))))) == sorted(
        ("0of1", "train", name, 0) for name in NAMES
    )


def test_seeds_and_splits_draw_differently():
    assert targets(plan(seed=0)) != targets(plan(seed=1))
    held_out = [row["checkpoint"] for row in heldout_plan(NAMES, TMS, 1, 0)]
    train = targets(plan(epochs=1))
    assert held_out != [train[name, 0][1] for name in NAMES]


def test_the_held_out_plan_draws_once_a_prompt_in_order():
    rows = list(heldout_plan(NAMES, TMS, 1, 0))
    assert [row["example_id"] for row in rows] == NAMES
    assert {(row["split"], row["epoch"]) for row in rows} == {("heldout", 0)}
    assert abs(sum(row["source"] == "teacher" for row in rows) / len(rows) - 0.25) < 0.04


def test_samples_are_drawn_uniformly():
    counts = Counter(row["sample"] for row in plan(samples=4) if row["source"] == "checkpoint")
    assert sorted(counts) == [0, 1, 2, 3]
    assert chisquare(list(counts.values())).pvalue > 1e-6
    assert targets(plan(samples=4)) == targets(plan())


def test_a_harvested_subset_keeps_the_number_of_visits_and_alpha():
    rows = plan(prompts_share=0.3)
    prompts = {row["example_id"] for row in rows}
    assert len(rows) == 2 * len(NAMES)
    assert abs(len(prompts) / len(NAMES) - 0.3) < 0.04
    assert [row["position"] for row in rows] == list(range(len(rows)))
    assert max(Counter(row["example_id"] for row in rows).values()) == max(row["epoch"] for row in rows) + 1
    assert abs(sum(row["source"] == "teacher" for row in rows) / len(rows) - 0.25) < 0.03
    assert prompts < {row["example_id"] for row in plan(prompts_share=0.6)}


def test_a_weight_of_zero_is_never_drawn_and_short_sums_leave_no_gap():
    edge = MixtureWeights(0.0, ("1of3", "2of3", "1of1"), (0.0, 0.9999995, 0.0))
    assert {row["checkpoint"] for row in plan(weights=edge)} == {"2of3"}


def test_the_draw_is_pinned():
    """A changed hash would change every plan, and so what stored harvests are worth."""
    drawn = [tuple(draw(TMS, 3, 0, "train", name, 0).values()) for name in NAMES[:6]]
    assert drawn == [
        ("checkpoint", "3of10", 2),
        ("checkpoint", "1of1", 1),
        ("teacher", "", 0),
        ("checkpoint", "1of5", 0),
        ("checkpoint", "2of5", 2),
        ("checkpoint", "3of5", 1),
    ]


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"samples": 0}, "harvest.samples: 0"),
        ({"prompts_share": 0.0}, "harvest.prompts: 0.0"),
        ({"prompts_share": 1.1}, "harvest.prompts: 1.1"),
        ({"names": NAMES[:3], "prompts_share": 1e-6}, "leaves none of 3 prompts"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings, message):
    with pytest.raises(InputError, match=message):
        plan(**settings)
