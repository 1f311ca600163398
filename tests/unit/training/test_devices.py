"""Which models are sharded, and which are refused, on a card of 80 GB."""

import pytest

from tms.io.errors import InputError
from tms.training.devices import launcher, shards

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
