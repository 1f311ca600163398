"""The NLL in closed form; positions without loss."""

import math

import pytest
import torch

from tms.training.examples import IGNORED
from tms.training.losses import nll


def test_positions_without_loss_count_nothing():
    logits, targets = torch.zeros(4, 5), torch.tensor([IGNORED, 2, IGNORED, 4])
    assert nll.summed(logits, targets).item() == pytest.approx(2 * math.log(5))
    assert nll.nll_N(logits, targets).tolist() == pytest.approx([0, math.log(5), 0, math.log(5)])
