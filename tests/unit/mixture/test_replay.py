"""Visits that are general prompts: as many as their share says, nested in it, and all others as they were."""

from collections import Counter
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from tms.mixture.plan import MixtureWeights, train_plan
from tms.mixture.replay import GENERAL, Replay
from tms.mixture.schedule import visits

NAMES = [f"chain-{n}" for n in range(400)]
ANSWERS = [{"example_id": f"general-{n}", "completion": str(n)} for n in range(32)]
MANY = settings(max_examples=30)
SEEDS = st.integers(0, 10**9)


def rows(seed=0, epochs=2, names=NAMES):
    """Visits of an SFT run, as `from_references` orders them."""
    order = visits(names, epochs * len(names), seed)
    return [{"example_id": name, "epoch": epoch, "source": "teacher"} for epoch, _, name in order]


@MANY
@given(share=st.floats(0.02, 0.98), seed=SEEDS)
def test_a_share_of_the_visits_is_general_and_the_others_stay_where_they_were(share, seed):
    before = rows(seed)
    after = Replay(ANSWERS, share, seed).of(before)
    assert len(after) == len(before)
    general = [row for row in after if row["source"] == GENERAL]
    # Six standard errors: once in 5e8 draws by chance.
    assert abs(len(general) - share * len(before)) < 6 * sqrt(share * (1 - share) * len(before)) + 1
    assert [new for new, old in zip(after, before, strict=True) if new is not old] == general
    assert {row["example_id"] for row in general} <= {row["example_id"] for row in ANSWERS}


@MANY
@given(low=st.floats(0, 1), high=st.floats(0, 1), seed=SEEDS)
def test_visits_and_their_prompts_are_nested_in_the_share(low, high, seed):
    low, high = sorted((low, high))
    small, large = (Replay(ANSWERS, share, seed).of(rows(seed)) for share in (low, high))
    assert all(more == less for less, more in zip(small, large, strict=True) if less["source"] == GENERAL)


@given(seed=SEEDS)
@MANY
def test_whether_a_visit_is_general_depends_on_no_other_visit(seed):
    """Nor on the number of general prompts, nor on the order of theirs."""

    def general(names, answers):
        before = rows(seed, names=names)
        after = Replay(answers, 0.4, seed).of(before)
        pairs = zip(before, after, strict=True)
        return {(old["example_id"], old["epoch"]) for old, new in pairs if new["source"] == GENERAL}

    whole = general(NAMES, ANSWERS)
    assert {key for key in whole if key[0] in NAMES[:100]} == general(NAMES[:100], ANSWERS[:5][::-1])


def test_no_share_leaves_the_run_and_the_whole_share_visits_every_prompt_alike():
    assert Replay(ANSWERS, 0.0, 3).of(rows(3)) == rows(3)
    counts = Counter(row["example_id"] for row in Replay(ANSWERS, 1.0, 3).of(rows(3)))
    assert set(counts.values()) == {len(rows(3)) // len(ANSWERS)}


def test_general_visits_do_not_follow_the_draw_of_the_teacher():
    """Of a mixture with replay, alpha is the teacher's share of the visits that are left."""
    plan = list(train_plan(NAMES, MixtureWeights(0.25, ("1of1",), (1.0,)), 8 * len(NAMES), 1, 1.0, 0))
    left = [row for row in Replay(ANSWERS, 0.5, 0).of(plan) if row["source"] != GENERAL]
    taught = sum(row["source"] == "teacher" for row in left) / len(left)
    assert abs(taught - 0.25) < 6 * sqrt(0.25 * 0.75 / len(left))


def test_each_visit_of_a_prompt_is_drawn_anew():
    before = rows(seed=1)
    pairs = zip(before, Replay(ANSWERS, 0.5, 1).of(before), strict=True)
    general = {(old["example_id"], old["epoch"]) for old, new in pairs if new["source"] == GENERAL}
    both = sum((name, 0) in general and (name, 1) in general for name in NAMES)
    assert abs(both - 100) < 6 * sqrt(400 * 0.25 * 0.75)  # a quarter of the prompts, not a half
