"""Order of visits, optimiser steps and save steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.checkpoints import evenly_spaced
from tms.errors import InputError
from tms.schedule import crowded, save_steps, total_steps, visits

IDS = [f"e{i}" for i in range(50)]


def test_each_epoch_visits_each_example_once():
    order = visits(IDS, epochs=3, seed=1)
    assert [position for _, position, _ in order] == list(range(150))
    for epoch in range(3):
        part = order[50 * epoch : 50 * (epoch + 1)]
        assert {e for e, _, _ in part} == {epoch}
        assert sorted(example_id for _, _, example_id in part) == sorted(IDS)


def test_order_is_shuffled_anew_by_seed_and_epoch():
    def order(seed):
        return [example_id for _, _, example_id in visits(IDS, 2, seed)]

    assert order(0) != order(1)
    assert order(0)[:50] != order(0)[50:]
    assert order(0)[:50] != IDS


@given(st.sets(st.text(max_size=5), min_size=1), st.integers(0, 5), st.randoms())
def test_order_ignores_how_examples_are_listed_and_survives_dropping(ids, seed, random):
    listed = sorted(ids)
    shuffled = random.sample(listed, len(listed))
    assert visits(listed, 2, seed) == visits(shuffled, 2, seed)
    dropped = shuffled[0]
    kept = [name for _, _, name in visits(listed, 2, seed) if name != dropped]
    assert [name for _, _, name in visits([name for name in listed if name != dropped], 2, seed)] == kept


def test_total_steps_counts_over_epochs():
    assert total_steps(2048, 2, 64) == 64
    assert total_steps(10, 3, 4) == 8  # 30 rows: seven full batches and one of two


def test_save_steps_end_with_the_last_step():
    assert save_steps(evenly_spaced(10), 2048, 2, 64) == {
        6: "1of10", 13: "1of5", 19: "3of10", 26: "2of5", 32: "1of2",
        38: "3of5", 45: "7of10", 51: "4of5", 58: "9of10", 64: "1of1",
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


def test_two_points_on_one_step_are_refused():
    with pytest.raises(InputError, match=r"checkpoints 9of10 and 10of11 fall on step"):
        save_steps(["9of10", "10of11", "1of1"], 20, 1, 1)


def test_a_point_before_the_first_step_is_refused():
    with pytest.raises(InputError, match="checkpoint 1of10 falls before the first step"):
        save_steps(["1of10", "1of1"], 4, 1, 1)


def test_crowded_checkpoints_are_told():
    assert "19 optimiser steps for 10 checkpoints" in crowded(evenly_spaced(10), 19)
    assert crowded(evenly_spaced(10), 20) is None
