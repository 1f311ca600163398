"""Order of visits, optimiser steps and save steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.io.errors import InputError
from tms.mixture.checkpoints import evenly_spaced
from tms.mixture.schedule import crowded, save_steps, total_steps, total_visits, visits

IDS = [f"e{i}" for i in range(50)]


def test_each_epoch_visits_each_example_once():
    order = visits(IDS, total=150, seed=1)
    assert [position for _, position, _ in order] == list(range(150))
    for epoch in range(3):
        part = order[50 * epoch : 50 * (epoch + 1)]
        assert {e for e, _, _ in part} == {epoch}
        assert sorted(example_id for _, _, example_id in part) == sorted(IDS)


def test_order_is_shuffled_anew_by_seed_and_epoch():
    def order(seed):
        return [example_id for _, _, example_id in visits(IDS, 100, seed)]

    assert order(0) != order(1)
    assert order(0)[:50] != order(0)[50:]
    assert order(0)[:50] != IDS


@given(st.sets(st.text(max_size=5), min_size=1), st.integers(0, 5), st.randoms())
def test_order_ignores_how_examples_are_listed_and_survives_dropping(ids, seed, random):
    listed = sorted(ids)
    shuffled = random.sample(listed, len(listed))
    total = 2 * len(listed)
    assert visits(listed, total, seed) == visits(shuffled, total, seed)
    dropped = shuffled[0]
    kept = [name for _, _, name in visits(listed, total, seed) if name != dropped]
    left = [name for name in listed if name != dropped]
    assert [name for _, _, name in visits(left, 2 * len(left), seed)] == kept


def test_a_run_that_ends_within_an_epoch_visits_what_a_longer_one_visits_first():
    assert visits(IDS, 70, 1) == visits(IDS, 150, 1)[:70]


def test_total_steps_counts_over_epochs():
    assert total_steps(2048, 2, 64) == 64
    assert total_steps(10, 3, 4) == 8  # 30 rows: seven full batches and one of two
    assert total_steps(10, 3, 4, max_steps=300) == 300
    assert total_visits(10, 3, 4, max_steps=300) == 1200


def test_save_steps_end_with_the_last_step():
    assert save_steps(evenly_spaced(10), 2048, 2, 64) == {
        "1of10": 6, "1of5": 13, "3of10": 19, "2of5": 26, "1of2": 32,
        "3of5": 38, "7of10": 45, "4of5": 51, "9of10": 58, "1of1": 64,
    }  # fmt: skip


def test_fewer_steps_than_checkpoints_is_refused_with_the_arithmetic():
    with pytest.raises(
        InputError, match=r"500 rows x 2 epochs / batch 256 = 4 optimiser steps, fewer than the 10"
    ):
        save_steps(evenly_spaced(10), 500, 2, 256)


def test_the_remedy_works():
    with pytest.raises(InputError, match="lower the effective batch to 50 or less"):
        save_steps(evenly_spaced(10), 500, 2, 256)
    assert len(save_steps(evenly_spaced(10), 500, 2, 50)) == 10
    assert crowded(evenly_spaced(10), total_steps(500, 2, 50)) is None


def test_points_of_different_t_may_share_a_step():
    found = save_steps([*evenly_spaced(10), "1of12", "11of12"], 24, 1, 1)
    assert (found["1of10"], found["1of12"]) == (2, 2)
    # Those of one T never do, however few the steps.
    for count in range(1, 30):
        for steps in range(count, 60):
            own = list(save_steps(evenly_spaced(count), steps, 1, 1).values())
            assert own == sorted(set(own)) and own[0] > 0 and own[-1] == steps


def test_one_of_ten_checkpoints_needs_ten_steps():
    with pytest.raises(InputError, match="4 optimiser steps, fewer than the 10 checkpoints of which 1of10"):
        save_steps(["1of10", "1of1"], 4, 1, 1)


def test_crowded_checkpoints_are_told():
    assert "19 optimiser steps for 10 checkpoints" in crowded(evenly_spaced(10), 19)
    assert crowded(evenly_spaced(10), 20) is None
