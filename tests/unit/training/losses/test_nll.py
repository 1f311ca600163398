"""The NLL: its sum, positions without loss, precision (of the other losses too, which are made of it)."""

import math
from functools import partial

import pytest
import torch

from tms.training.examples import IGNORED
from tms.training.losses import dft, nll, trsft


def test_positions_without_loss_count_nothing():
    logits, targets = torch.zeros(4, 5), torch.tensor([IGNORED, 2, IGNORED, 4])
    assert nll.summed(logits, targets).item() == pytest.approx(2 * math.log(5))
    assert nll.nll_N(logits, targets).tolist() == pytest.approx([0, math.log(5), 0, math.log(5)])


@pytest.mark.parametrize("loss", [nll.summed, dft.summed, partial(trsft.summed, trsft_floor=0.1)])
def test_half_precision_logits_are_summed_in_float32(loss):
    logits = torch.randn(50, 30, generator=torch.Generator().manual_seed(0)).bfloat16()
    found = loss(logits, torch.arange(50) % 30)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, loss(logits.float(), torch.arange(50) % 30), atol=0, rtol=0)
