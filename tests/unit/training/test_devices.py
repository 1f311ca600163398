"""Which models are sharded, and which are refused, on a card of 80 GB."""

import pytest

from tms.io.errors import InputError
from tms.training.devices import average_mem_mb, launcher, measuring_budget, shards, train_mem_mb

CARD = 80 * 2**30
# Parameters of the paper's students.
COPIED = [1_235_814_400, 1_543_714_304]
SHARDED = [3_085_938_688, 7_615_616_512, 8_030_261_248]


@pytest.mark.parametrize("parameters", COPIED + SHARDED)
def test_what_does_not_fit_beside_its_activations_is_sharded(parameters):
    assert shards("auto", parameters, 8, CARD) == (parameters in SHARDED)
    assert shards("on", parameters, 8, CARD)
    assert not shards("off", parameters, 8, CARD)


def test_one_process_shards_nothing():
    assert not shards("auto", SHARDED[0], 1, CARD)
    with pytest.raises(
        InputError, match=r"7.62e9 parameters x 16 bytes = 122 GB do not fit on a GPU of 86 GB"
    ):
        shards("auto", SHARDED[1], 1, CARD)
    with pytest.raises(InputError, match=r"--fsdp on needs several processes"):
        shards("on", COPIED[0], 1, CARD)


def test_a_cpu_holds_any_model():
    assert not shards("auto", SHARDED[2], 1, None)
    assert not shards("auto", SHARDED[2], 2, None)


def test_one_process_needs_no_launcher():
    assert launcher(0) == launcher(1) == "python"
    assert launcher(8).startswith("accelerate launch --multi_gpu")
    assert "--num_processes 8" in launcher(8)


def test_adapters_are_copied_and_need_room_for_frozen_weights_alone():
    assert not shards("auto", 8e9, 8, 24e9, lora=True)  # 16 GB in bfloat16
    assert not shards("auto", 7.6e9, 1, 24e9, lora=True)
    with pytest.raises(InputError, match="LoRA is not sharded"):
        shards("on", 1e9, 8, 80e9, lora=True)
    with pytest.raises(InputError, match=r"14.00e9 frozen parameters x 2 bytes = 28 GB do not fit"):
        shards("auto", 14e9, 1, 24e9, lora=True)


def test_main_memory_of_a_run_with_adapters_is_that_of_reading_the_weights():
    assert train_mem_mb(8e9, 1, lora=True) == 4000 + 16_000
    assert train_mem_mb(8e9, 2, lora=True) == 2 * (4000 + 16_000)
    assert train_mem_mb(1e6, 0, lora=True) == 4000 + 4


def test_a_base_beside_the_model_stays_in_main_memory_without_cards():
    assert train_mem_mb(1e9, 0, beside=True) == train_mem_mb(1e9, 0) + 4000
    assert train_mem_mb(1e9, 2, beside=True) == train_mem_mb(1e9, 2)


def test_measuring_leaves_logits_their_room():
    assert [measuring_budget(card * 1e9) for card in (80, 24, 16)] == [60e9, 10e9, 4e9]


def test_an_average_takes_the_memory_of_parts_and_one_of_adapters_that_of_a_weight():
    assert average_mem_mb(8e9, lora=False) == average_mem_mb(1e8, lora=False) == 4000
    assert average_mem_mb(8e9, lora=True) == 36000
